/** Seconds of a day, what all rates are over. */
export const daySeconds = 86_400;

/** An organization's use of KMS on one day. */
export interface Workload {
  readonly eventsPerDay: number;
  /** Share of the events that each active entity of a kind has; they add up to one. */
  readonly shares: Readonly<Record<EntityKind, readonly number[]>>;
  /** Revisions of alerts that are told in a day. */
  readonly revisionsPerDay: number;
}

export const entityKinds = ["principal", "key", "account"] as const;
export type EntityKind = (typeof entityKinds)[number];

/**
 * An organization of an ordinary shape: 20,000 principals, 10,000 keys and 500 accounts at a billion events a day, 60 alerts of three
 * revisions each, and fewer or more with the 0.7th power of the events, since a larger organization is busier per principal too.
 */
export function ordinaryWorkload(eventsPerDay: number): Workload {
  const scale = (eventsPerDay / 1e9) ** 0.7;
  const some = (atABillion: number) => shares(Math.max(1, Math.round(atABillion * scale)));
  return {
    eventsPerDay,
    shares: { principal: some(20_000), key: some(10_000), account: some(500) },
    revisionsPerDay: 180 * scale,
  };
}

/**
 * Share of the events that each entity of a kind has, the busiest first: the n-th has a share in proportion to 1/n (Zipf's law with
 * exponent 1), so that at a billion a day the first principal makes a tenth of all calls, and so does the first key.
 */
export function shares(count: number): number[] {
  const weights = Array.from({ length: count }, (_, index) => 1 / (index + 1));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Expected number of different entities that some events are about, each entity having its share of them. */
export function distinct(of: readonly number[], events: number): number {
  return of.reduce((sum, share) => sum + seen(events * share), 0);
}

/** Chance that something expected so often happens at all: Poisson. */
export function seen(expected: number): number {
  return -Math.expm1(-expected);
}
