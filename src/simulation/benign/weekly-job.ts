import { utc } from "../calendar.ts";
import { jobName } from "../names.ts";
import { job } from "../rhythm.ts";
import { roleResident } from "../staff.ts";
import { objects, ownData } from "../use.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** Jobs once a week, on a weekday and at an hour of their own. */
export const weeklyJob: BenignKind = {
  name: "weekly-job",
  plant(world, random) {
    forShare(world, random, 0.035, (chance) => {
      const account = chance.pick(world.accounts);
      const name = world.unique(() => jobName(chance));
      const key = world.dataKey(account, name, chance);
      const perRun = load(world, chance, 60, 2000);
      const weekday = chance.integer(0, 6);
      const zone = chance.chance(0.5) ? utc : account.zone;
      const resident = roleResident({
        account,
        kind: "job",
        role: name,
        sessions: ["weekly"],
        uses: [
          chance.chance(0.5)
            ? objects(key, name, { count: 5000, bucketKeyFromMs: Number.POSITIVE_INFINITY })
            : ownData(key, name, { tenants: 300 }),
        ],
        perDay: perRun,
        zone,
      });
      const rhythm = job({
        zone,
        atMinutes: chance.integer(0, 95) * 15,
        jitterMinutes: chance.integer(1, 45),
        durationMinutes: chance.lognormal(40, 0.6),
        perRun,
        evenness: chance.integer(3, 30),
        rerun: 0.02,
        runsOn: (day) => day.weekday === weekday,
      });
      world.settle("weekly-job", resident, rhythm);
    });
  },
};
