import { personName } from "./names.ts";
import type { Random } from "./random.ts";
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
  const [key] = random.shuffle(account.dataKeys);
  if (key !== undefined && random.chance(0.5)) uses.push(objects(key, key.alias.slice(6)));
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
    ...(options.addressAt === undefined ? {} : { addressAt: options.addressAt }),
  });
}

/** The office's address, or that of a home that stays the same. */
export function officeAddress(account: Account, random: Random): string {
  const office = `192.0.2.${(Number(account.id.slice(0, 3)) % 200) + 10}`;
  return random.chance(0.7) ? office : homeAddress(random);
}

export function homeAddress(random: Random): string {
  return random.chance(0.3)
    ? `2001:db8:${random.integer(16, 4000).toString(16)}::${random.integer(2, 250).toString(16)}`
    : `198.51.100.${random.integer(2, 250)}`;
}

const clients = [
  "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/137.0.0.0 Safari/537.36",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/137.0.0.0 Safari/537.36",
];
