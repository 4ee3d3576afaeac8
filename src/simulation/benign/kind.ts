import type { Random } from "../random.ts";
import type { World } from "../world.ts";

/** A benign behaviour: one file each. */
export interface BenignKind {
  /** Name of its file; truth.json files principals under it. */
  readonly name: string;
  /** It is about people, keys or pipelines that others bring, and comes after them. */
  readonly isLate?: boolean;
  /** Adds everyone of the kind to the organization. */
  plant(world: World, random: Random): void;
}

/** Calls `make` as often as a share of the organization's principals says, at least `least` times. */
export function forShare(
  world: World,
  random: Random,
  part: number,
  make: (random: Random, nth: number) => void,
  least = 0,
): void {
  const count = Math.max(least, world.share(part, random));
  for (let nth = 0; nth < count; nth += 1) make(random.fork(`${nth}`), nth);
}

/** Calls a day of one principal: most make few, some very many. */
export function load(world: World, random: Random, median: number, most = 4000): number {
  return Math.min(most, random.lognormal(median * world.options.scale, 1.1));
}
