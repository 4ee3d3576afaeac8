import { utc } from "../calendar.ts";
import { jobName } from "../names.ts";
import { job } from "../rhythm.ts";
import { roleResident } from "../staff.ts";
import { objects, ownData } from "../use.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** Jobs once a night, by local or universal time, with jitter and now and then a second run. */
export const nightlyJob: BenignKind = {
  name: "nightly-job",
  plant(world, random) {
    forShare(world, random, 0.1, (chance) => {
      const account = chance.pick(world.accounts);
      const name = world.unique(() => jobName(chance));
      const key = world.dataKey(account, name, chance);
      const perRun = load(world, chance, 30, 1500);
      const zone = chance.chance(0.5) ? utc : account.zone;
      const workdays = chance.chance(0.3);
      const resident = roleResident({
        account,
        kind: "job",
        role: name,
        sessions: ["nightly"],
        uses: [
          chance.chance(0.5)
            ? objects(key, name, { count: 20_000, bucketKeyFromMs: Number.POSITIVE_INFINITY })
            : ownData(key, name, { tenants: 200 }),
          ...(chance.chance(0.5) ? [world.secretsUse(account, 2, chance, 0.1)] : []),
        ],
        perDay: perRun,
        zone,
      });
      const rhythm = job({
        zone,
        atMinutes: chance.integer(0, 6 * 4) * 15,
        jitterMinutes: chance.integer(1, 30),
        durationMinutes: chance.lognormal(25, 0.8),
        perRun,
        evenness: chance.integer(3, 40),
        rerun: chance.chance(0.3) ? 0.04 : 0,
        runsOn: (day, luck) => !(workdays && day.weekend) && !luck.chance(0.01),
      });
      world.settle("nightly-job", resident, rhythm);
    });
  },
};
