import { dayMs } from "./calendar.ts";
import { personName } from "./names.ts";
import { Random } from "./random.ts";
import { personResident } from "./staff.ts";
import { type Use, looks, objects } from "./use.ts";
import type { Account } from "./account.ts";
import type { Resident, World } from "./world.ts";

/** Someone with a desk: reads some secrets and parameters, looks at keys, opens a bucket. */
export function deskResident(
  world: World,
  account: Account,
  random: Random,
  options: {
    perDay: number;
    fromDay?: number;
    addressAt?: (timeMs: number) => string;
    address?: string;
  },
): Resident {
  const name = world.unique(() => personName(random));
  const permissionSet = random.pick([
    "DeveloperAccess",
    "DeveloperAccess",
    "PowerUserAccess",
    "DataAccess",
    "AdministratorAccess",
  ]);
  const address = options.address ?? officeAddress(account, random);
  const uses: Use[] = [
    world.secretsUse(account, random.integer(1, 6), random),
    world.parametersUse(account, random.integer(2, 10), random),
    looks(account.secretsKey, 0.5),
  ];
  const [key, ...others] = random.shuffle(account.dataKeys);
  if (key !== undefined && random.chance(0.5)) uses.push(objects(key, key.alias.slice(6)));
  // A console shows each key that is clicked on, and curiosity has no rhythm.
  const curiosity = random.lognormal(0.004, 0.8);
  for (const other of others.slice(0, 8)) uses.push(looks(other, curiosity));
  return personResident({
    account,
    kind: "person",
    name,
    permissionSet,
    address,
    uses,
    perDay: options.perDay,
    userAgent: random.pick(clients),
    ...(options.fromDay === undefined ? {} : { fromDay: options.fromDay }),
    addressAt: options.addressAt ?? elsewhereNowAndThen(address, random),
  });
}

/** The office's address, or that of a home that stays the same. */
export function officeAddress(account: Account, random: Random): string {
  const office = `192.0.2.${(Number(account.id.slice(0, 3)) % 200) + 10}`;
  return random.chance(0.7) ? office : homeAddress(random);
}

export function homeAddress(random: Random): string {
  const lot = random.fraction();
  if (lot < 0.3) {
    return `2001:db8:${random.integer(16, 4000).toString(16)}::${random.integer(2, 250).toString(16)}`;
  }
  return `${lot < 0.45 ? "203.0.113" : "198.51.100"}.${random.integer(2, 250)}`;
}

/** A day at home, at a customer's, in a train: from another address, now and then; some people never, some weekly. */
function elsewhereNowAndThen(address: string, random: Random): (timeMs: number) => string {
  const places = [homeAddress(random), homeAddress(random)];
  const often = Math.min(0.5, random.lognormal(0.03, 1.2));
  const lots = random.fork("places");
  const name = lots.text(8, "abcdefghijklmnopqrstuvwxyz");
  return (timeMs) => {
    const lot = new Random(`${name}/${Math.floor(timeMs / dayMs)}`);
    return lot.chance(often) ? lot.pick(places) : address;
  };
}

const clients = [
  "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/137.0.0.0 Safari/537.36",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/137.0.0.0 Safari/537.36",
];
