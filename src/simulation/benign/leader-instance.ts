import { applicationUses, taskNames } from "../application.ts";
import { localTimeMs } from "../calendar.ts";
import { serviceName } from "../names.ts";
import { diurnal, job, together, within } from "../rhythm.ts";
import { roleResident } from "../staff.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** Services of which one instance leads: beside its share of the work it runs the day's job, and once a backfill that nobody planned. */
export const leaderInstance: BenignKind = {
  name: "leader-instance",
  plant(world, random) {
    forShare(
      world,
      random,
      0.02,
      (chance) => {
        const account = chance.pick(world.accounts);
        const role = world.unique(() => serviceName(chance));
        const perDay = load(world, chance, 60, 900);
        const sessions = taskNames(role, chance.integer(3, 6), chance);
        const uses = applicationUses(world, account, role, chance);
        const staff = { account, kind: "service", role, perDay, uses } as const;
        const ordinary = diurnal({
          perDay,
          zone: account.zone,
          peakHour: chance.integer(10, 18),
          night: chance.fraction() * 0.4,
          weekend: 0.2 + chance.fraction() * 0.7,
          evenness: chance.integer(2, 8),
        });
        const daily = job({
          zone: account.zone,
          atMinutes: chance.integer(0, 95) * 15,
          jitterMinutes: 10,
          durationMinutes: chance.integer(5, 50),
          perRun: (perDay / 24) * chance.lognormal(2, 0.5),
          evenness: 8,
        });
        const onDay = chance.chance(0.4) ? chance.integer(4, world.options.days - 1) : -1;
        const count = (perDay / 24) * chance.lognormal(10, 0.5);
        world.settle("leader-instance", roleResident({ ...staff, sessions }), ordinary);
        world.settle(
          "leader-instance",
          roleResident({ ...staff, sessions: sessions.slice(0, 1) }),
          together(daily, (day, luck) => {
            if (day.index !== onDay) return [];
            const startMs = localTimeMs(day, luck.integer(9, 18) * 60, account.zone);
            return Array.from({ length: luck.poisson(count) }, () => within(startMs, 60, luck));
          }),
        );
      },
      1,
    );
  },
};
