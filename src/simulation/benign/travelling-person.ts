import { zones } from "../calendar.ts";
import { deskResident, homeAddress, officeAddress } from "../desk.ts";
import { officeHours } from "../rhythm.ts";
import { type BenignKind, forShare } from "./kind.ts";

/** People who spend a week in another time zone and call from its hotels. */
export const travellingPerson: BenignKind = {
  name: "travelling-person",
  plant(world, random) {
    forShare(
      world,
      random,
      0.01,
      (chance) => {
        const account = chance.pick(world.accounts);
        const from = chance.integer(5, Math.max(6, world.options.days - 5));
        const to = from + chance.integer(2, 7);
        const away = chance.pick(zones);
        const home = officeAddress(account, chance);
        const hotel = homeAddress(chance);
        const tasksPerDay = chance.lognormal(5, 0.5);
        const addressAt = (timeMs: number): string =>
          timeMs >= world.dayMs(from) && timeMs < world.dayMs(to) ? hotel : home;
        const options = { perDay: tasksPerDay, address: home, addressAt };
        const resident = deskResident(world, account, chance, options);
        const rhythm = officeHours({
          zone: account.zone,
          tasksPerDay,
          from: 8,
          to: 18,
          zoneOn: (day) => (day.index >= from && day.index < to ? away : account.zone),
        });
        world.settle("travelling-person", resident, rhythm);
      },
      1,
    );
  },
};
