import { jobName } from "../names.ts";
import { zones } from "../calendar.ts";
import { job } from "../rhythm.ts";
import { roleResident } from "../staff.ts";
import { ownData } from "../use.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** Several runs a day by the clock on the wall: an hour earlier in UTC after the clocks change. */
export const localTimeCron: BenignKind = {
  name: "local-time-cron",
  plant(world, random) {
    const summer = zones.filter((zone) => zone.summer !== "none");
    forShare(
      world,
      random,
      0.03,
      (chance) => {
        const account = chance.pick(world.accounts);
        const name = world.unique(() => jobName(chance));
        const key = world.dataKey(account, name, chance);
        const zone = chance.pick(summer);
        const runs = chance.integer(1, 3);
        const perRun = load(world, chance, 15, 300);
        const resident = roleResident({
          account,
          kind: "job",
          role: name,
          sessions: ["cron"],
          uses: [ownData(key, name, { tenants: 40 })],
          perDay: perRun * runs,
          zone,
        });
        const atMinutes = Array.from({ length: runs }, () => chance.integer(0, 95) * 15);
        const rhythms = atMinutes.map((minutes) =>
          job({
            zone,
            atMinutes: minutes,
            jitterMinutes: 3,
            durationMinutes: 12,
            perRun,
            evenness: 20,
            rerun: 0.01,
          }),
        );
        world.settle("local-time-cron", resident, (day, luck) =>
          rhythms.flatMap((rhythm) => rhythm(day, luck)),
        );
      },
      1,
    );
  },
};
