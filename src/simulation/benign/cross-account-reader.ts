import { taskNames } from "../application.ts";
import { serviceName } from "../names.ts";
import { diurnal } from "../rhythm.ts";
import { roleResident } from "../staff.ts";
import { ownData } from "../use.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** Services that use a key of another account of the organization: each call is in both trails. */
export const crossAccountReader: BenignKind = {
  name: "cross-account-reader",
  plant(world, random) {
    if (world.accounts.length < 2) return;
    forShare(
      world,
      random,
      0.025,
      (chance) => {
        const account = chance.pick(world.accounts);
        const owner = chance.pick(world.accounts.filter((other) => other !== account));
        const name = world.unique(() => serviceName(chance));
        const key = world.dataKey(owner, name, chance);
        const perDay = load(world, chance, 20, 600);
        const resident = roleResident({
          account,
          kind: "service",
          role: name,
          sessions: taskNames(name, 2, chance),
          uses: [ownData(key, name), world.secretsUse(account, 1, chance, 0.2)],
          perDay,
        });
        const rhythm = diurnal({
          perDay,
          zone: account.zone,
          peakHour: 14,
          night: chance.fraction(),
          weekend: 0.6,
          evenness: 5,
        });
        world.settle("cross-account-reader", resident, rhythm);
      },
      1,
    );
  },
};
