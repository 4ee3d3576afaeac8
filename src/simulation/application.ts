import type { Random } from "./random.ts";
import { type Use, looks, objects, ownData, stream, table } from "./use.ts";
import type { Account } from "./account.ts";
import type { World } from "./world.ts";

/** How an application of a name uses keys: two or three of the usual ways, in uneven parts. */
export function applicationUses(
  world: World,
  account: Account,
  name: string,
  random: Random,
): Use[] {
  const key = world.dataKey(account, name, random);
  const weight = (): number => random.lognormal(1, 0.8);
  const ways: readonly (() => Use)[] = [
    () => ownData(key, name, { weight: weight(), tenants: random.integer(3, 60) }),
    () => ownData(key, name, { weight: weight(), encryptShare: random.fraction() }),
    () => objects(key, name, { weight: weight(), count: random.integer(50, 5000) }),
    () => objects(key, name, { weight: weight(), bucketKeyFromMs: Number.POSITIVE_INFINITY }),
    () => table(key, name, weight()),
    () => stream(key, name, weight()),
    () => world.secretsUse(account, random.integer(1, 4), random, weight() * 0.4),
    () => world.parametersUse(account, random.integer(1, 8), random, weight() * 0.5),
  ];
  const chosen = random.shuffle(ways).slice(0, random.integer(1, 3));
  const uses = chosen.map((make) => make());
  // Many clients ask what kind of key it is when they start.
  return random.chance(0.3) ? [...uses, looks(key, 0.02)] : uses;
}

/** Task ids of a container service. */
export function taskNames(name: string, count: number, random: Random): string[] {
  return Array.from({ length: count }, () => `${name}-${random.text(8, "0123456789abcdef")}`);
}
