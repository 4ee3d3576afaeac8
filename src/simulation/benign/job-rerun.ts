import { utc } from "../calendar.ts";
import { jobName } from "../names.ts";
import { job } from "../rhythm.ts";
import { roleResident } from "../staff.ts";
import { objects } from "../use.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** Jobs that fail now and then and are started again by hand in office hours. */
export const jobRerun: BenignKind = {
  name: "job-rerun",
  plant(world, random) {
    forShare(world, random, 0.02, (chance) => {
      const account = chance.pick(world.accounts);
      const name = world.unique(() => jobName(chance));
      const key = world.dataKey(account, name, chance);
      const perRun = load(world, chance, 40, 800);
      const resident = roleResident({
        account,
        kind: "job",
        role: name,
        sessions: ["daily"],
        uses: [objects(key, name, { count: 9000, bucketKeyFromMs: Number.POSITIVE_INFINITY })],
        perDay: perRun,
      });
      const shape = { zone: utc, jitterMinutes: 15, durationMinutes: 30, perRun, evenness: 12 };
      const ordinary = job({ ...shape, atMinutes: chance.integer(0, 20) * 15 });
      const again = job({
        ...shape,
        atMinutes: chance.integer(9 * 4, 16 * 4) * 15,
        jitterMinutes: 120,
        runsOn: (day, luck) => !day.weekend && luck.chance(0.12),
      });
      world.settle("job-rerun", resident, (day, luck) => [
        ...ordinary(day, luck),
        ...again(day, luck),
      ]);
    });
  },
};
