import { taskNames } from "../application.ts";
import { serviceName } from "../names.ts";
import type { Random } from "../random.ts";
import { between, diurnal } from "../rhythm.ts";
import { roleResident } from "../staff.ts";
import { ownData } from "../use.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** A key for each customer: services use dozens of keys, some of them once a month, and new customers bring new keys. */
export const tenantKeys: BenignKind = {
  name: "tenant-keys",
  plant(world, random) {
    forShare(
      world,
      random,
      0.012,
      (chance) => {
        const account = chance.pick(world.accounts);
        const role = world.unique(() => serviceName(chance));
        const perDay = load(world, chance, 80, 1200);
        const sessions = taskNames(role, 3, chance);
        const newPerDay = chance.lognormal(0.15, 0.8);
        const uses = Array.from({ length: chance.integer(15, 60) }, (_, nth) => customer(nth));
        const rhythm = diurnal({
          perDay,
          zone: account.zone,
          peakHour: chance.integer(10, 17),
          night: chance.fraction() * 0.3,
          weekend: 0.2 + chance.fraction() * 0.6,
          evenness: chance.integer(1, 6),
        });
        const staff = { account, kind: "service", role, perDay, sessions } as const;
        for (let fromDay = 0; fromDay < world.options.days;) {
          const days = Math.max(1, Math.round(chance.lognormal(1 / newPerDay, 0.7)));
          const toDay = Math.min(fromDay + days, world.options.days + 1);
          const resident = roleResident({ ...staff, uses: [...uses], fromDay, toDay });
          world.settle(
            "tenant-keys",
            resident,
            between(rhythm, fromDay === 0 ? -1 : fromDay, toDay),
          );
          uses.push(customer(uses.length));
          fromDay = toDay;
        }
        function customer(nth: number): ReturnType<typeof ownData> {
          const key = world.newKey(account, `${role}-customer-${nth}`);
          account.dataKeys.splice(account.dataKeys.indexOf(key), 1);
          return ownData(key, role, { weight: weightOf(chance), tenants: 1 });
        }
      },
      1,
    );
  },
};

/** A few customers make most of the traffic. */
function weightOf(random: Random): number {
  return random.lognormal(1, 1.6);
}
