import { localTimeMs } from "../calendar.ts";
import { deskResident } from "../desk.ts";
import { officeHours, together, within } from "../rhythm.ts";
import { type BenignKind, forShare } from "./kind.ts";

/** People on call: office hours, and in their week a night or two with an incident. */
export const onCall: BenignKind = {
  name: "on-call",
  plant(world, random) {
    forShare(
      world,
      random,
      0.02,
      (chance, nth) => {
        const account = chance.pick(world.accounts);
        const tasksPerDay = chance.lognormal(5, 0.5);
        const resident = deskResident(world, account, chance, { perDay: tasksPerDay });
        const desk = officeHours({ zone: account.zone, tasksPerDay, from: 8, to: 18 });
        const shifts = chance.integer(3, 6);
        world.settle(
          "on-call",
          resident,
          together(desk, (day, luck) => {
            const onDuty = Math.floor(day.index / 7) % shifts === nth % shifts;
            if (!onDuty || !luck.chance(0.3)) return [];
            const startMs = localTimeMs(day, luck.integer(21 * 60, 29 * 60), account.zone);
            const count = luck.integer(2, 12);
            return Array.from({ length: count }, () => within(startMs, 70, luck));
          }),
        );
      },
      2,
    );
  },
};
