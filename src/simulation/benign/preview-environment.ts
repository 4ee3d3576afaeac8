import { between, diurnal } from "../rhythm.ts";
import { stackSuffix, teamName } from "../names.ts";
import { roleResident } from "../staff.ts";
import { ownData } from "../use.ts";
import { type BenignKind, forShare } from "./kind.ts";

/** Preview environments of pull requests: a role of a known family every other day, gone after two or three. */
export const previewEnvironment: BenignKind = {
  name: "preview-environment",
  plant(world, random) {
    forShare(
      world,
      random,
      0.006,
      (chance) => {
        const account = chance.pick(world.accounts);
        const team = world.unique(() => teamName(chance));
        const key = world.dataKey(account, `${team}-preview`, chance);
        const every = chance.integer(1, 4);
        for (let fromDay = 0; fromDay < world.options.days; fromDay += every) {
          if (world.day(fromDay).weekend) continue;
          const perDay = chance.lognormal(6, 0.6);
          const resident = roleResident({
            account,
            kind: "service",
            role: `${team}-preview-${stackSuffix(chance)}`,
            sessions: ["preview"],
            uses: [ownData(key, team), world.parametersUse(account, 3, chance, 0.4)],
            perDay,
            fromDay,
            toDay: fromDay + 3,
          });
          const rhythm = diurnal({
            perDay,
            zone: account.zone,
            peakHour: 14,
            night: 0,
            weekend: 0.1,
            evenness: 2,
          });
          world.settle("preview-environment", resident, between(rhythm, fromDay, fromDay + 3));
        }
      },
      1,
    );
  },
};
