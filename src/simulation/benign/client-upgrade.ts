import { applicationUses, taskNames } from "../application.ts";
import { serviceName } from "../names.ts";
import { between, diurnal, thinned, together } from "../rhythm.ts";
import { roleResident, sdkOf } from "../staff.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** Services that get another SDK, or another way out of the network, on a day of their own. */
export const clientUpgrade: BenignKind = {
  name: "client-upgrade",
  plant(world, random) {
    forShare(
      world,
      random,
      0.03,
      (chance) => {
        const account = chance.pick(world.accounts);
        const role = world.unique(() => serviceName(chance));
        const perDay = load(world, chance, 25, 800);
        const onDay = chance.integer(3, world.options.days - 1);
        const sessions = taskNames(role, 3, chance);
        const uses = applicationUses(world, account, role, chance);
        const staff = { account, kind: "service", role, perDay, sessions, uses } as const;
        const moves = chance.chance(0.3);
        const sourceAddress = moves
          ? `198.18.${chance.integer(100, 199)}.${chance.integer(2, 250)}`
          : account.address;
        const userAgent = sdkOf(moves ? role : `${role}/upgraded`);
        const rhythm = diurnal({
          perDay,
          zone: account.zone,
          peakHour: chance.integer(11, 18),
          night: chance.fraction() * 0.4,
          weekend: 0.2 + chance.fraction() * 0.7,
          evenness: chance.integer(2, 8),
        });
        // A canary: old and new share the work for some days.
        const shared = chance.chance(0.3) ? chance.integer(1, 3) : 0;
        const half = between(thinned(rhythm, 0.5), onDay, onDay + shared);
        const old = roleResident({ ...staff, toDay: onDay + shared });
        const fresh = roleResident({ ...staff, fromDay: onDay, userAgent, sourceAddress });
        world.settle("client-upgrade", old, together(between(rhythm, -1, onDay), half));
        world.settle("client-upgrade", fresh, together(half, between(rhythm, onDay + shared)));
      },
      1,
    );
  },
};
