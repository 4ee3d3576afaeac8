import { utc } from "../calendar.ts";
import { jobName } from "../names.ts";
import { job } from "../rhythm.ts";
import { roleResident } from "../staff.ts";
import { objects } from "../use.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** Rare but regular: a role that nobody has seen for three months, or ever, does its quarterly work. */
export const quarterlyJob: BenignKind = {
  name: "quarterly-job",
  plant(world, random) {
    forShare(
      world,
      random,
      0.008,
      (chance) => {
        const account = chance.pick(world.accounts);
        const name = world.unique(() => `${jobName(chance)}-quarterly`);
        const key = world.dataKey(account, name, chance);
        const onDay = chance.integer(0, world.options.days - 1);
        const perRun = load(world, chance, 40, 500);
        const resident = roleResident({
          account,
          kind: "rare",
          role: name,
          sessions: ["quarterly"],
          uses: [objects(key, name, { count: 3000, bucketKeyFromMs: Number.POSITIVE_INFINITY })],
          perDay: perRun,
        });
        const rhythm = job({
          zone: utc,
          atMinutes: chance.integer(0, 95) * 15,
          jitterMinutes: 30,
          durationMinutes: 60,
          perRun,
          evenness: 10,
          runsOn: (day) => day.index === onDay,
        });
        world.settle("quarterly-job", resident, rhythm);
      },
      1,
    );
  },
};
