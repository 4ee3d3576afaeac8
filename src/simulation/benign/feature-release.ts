import { applicationUses, taskNames } from "../application.ts";
import { serviceName } from "../names.ts";
import { between, diurnal } from "../rhythm.ts";
import { roleResident } from "../staff.ts";
import { ownData } from "../use.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** Old services that from some release on use another key of their account, with contexts of the new feature. */
export const featureRelease: BenignKind = {
  name: "feature-release",
  plant(world, random) {
    forShare(
      world,
      random,
      0.05,
      (chance) => {
        const account = chance.pick(world.accounts);
        const role = world.unique(() => serviceName(chance));
        const perDay = load(world, chance, 25, 800);
        const onDay = chance.integer(5, world.options.days - 1);
        const staff = { account, kind: "service", role, perDay } as const;
        const sessions = taskNames(role, 3, chance);
        const before = applicationUses(world, account, role, chance);
        const known = new Set(before.map(({ key }) => key));
        const others = account.dataKeys.filter((key) => !known.has(key));
        const key = others.length > 0 && chance.chance(0.7) ? chance.pick(others) : [...known][0];
        if (key === undefined) return;
        const release = ownData(key, `${role}-beta`, { weight: 0.3 + chance.fraction() });
        const rhythm = diurnal({
          perDay,
          zone: account.zone,
          peakHour: chance.integer(11, 18),
          night: chance.fraction() * 0.4,
          weekend: 0.2 + chance.fraction() * 0.7,
          evenness: chance.integer(2, 8),
        });
        const old = roleResident({ ...staff, sessions, uses: before, toDay: onDay });
        const fresh = roleResident({
          ...staff,
          sessions,
          uses: [...before, release],
          fromDay: onDay,
        });
        world.settle("feature-release", old, between(rhythm, -1, onDay));
        world.settle("feature-release", fresh, between(rhythm, onDay));
      },
      1,
    );
  },
};
