import { utc } from "../calendar.ts";
import { jobName } from "../names.ts";
import { job } from "../rhythm.ts";
import { roleResident } from "../staff.ts";
import { ownData } from "../use.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** What finance does at the turn of the month: once or twice in what a detector has seen. */
export const monthEndJob: BenignKind = {
  name: "month-end-job",
  plant(world, random) {
    forShare(
      world,
      random,
      0.015,
      (chance) => {
        const account = chance.pick(world.accounts);
        const name = world.unique(() => jobName(chance));
        const key = world.dataKey(account, name, chance);
        const perRun = load(world, chance, 120, 3000);
        const first = chance.chance(0.5);
        const resident = roleResident({
          account,
          kind: "rare",
          role: name,
          sessions: ["month-end"],
          uses: [ownData(key, name, { tenants: 400 })],
          perDay: perRun,
        });
        const rhythm = job({
          zone: utc,
          atMinutes: chance.integer(0, 95) * 15,
          jitterMinutes: 20,
          durationMinutes: chance.lognormal(90, 0.5),
          perRun,
          evenness: 10,
          runsOn: (day) => (first ? day.dayOfMonth === 1 : day.lastOfMonth),
        });
        world.settle("month-end-job", resident, rhythm);
      },
      1,
    );
  },
};
