import type { Random } from "../../../src/simulation/random.ts";
import { StoreError } from "../../../src/store/store.ts";

/** How often each thing goes wrong, of all times that it could. */
export interface FaultRates {
  /** The process dies before or after a call to the outside. */
  readonly crash: number;
  /** The table refuses a call. */
  readonly throttle: number;
  /** A call takes effect, and its answer is lost. */
  readonly lostResponse: number;
  /** A batch is delivered twice. */
  readonly double: number;
  /** A record of PutRecords is refused. */
  readonly refused: number;
  /** An invocation has hardly any time. */
  readonly hurried: number;
  /** A sink does not accept an alert. */
  readonly sinkDown: number;
}

export const roughRates: FaultRates = {
  crash: 0.01,
  throttle: 0.02,
  lostResponse: 0.02,
  double: 0.08,
  refused: 0.05,
  hurried: 0.03,
  sinkDown: 0.2,
};

/** One invocation of a handler, alive until it crashes. */
export interface Invocation {
  isDead: boolean;
  /** Simulated time left, milliseconds. */
  leftMs: number;
}

/** Decides what goes wrong, by seed, and counts it. */
export class Faults {
  readonly counts: Record<string, number> = {};
  readonly #rates: FaultRates;
  readonly #random: Random;

  constructor(rates: FaultRates, random: Random) {
    this.#rates = rates;
    this.#random = random;
  }

  count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }

  strikes(fault: keyof FaultRates): boolean {
    return this.#random.chance(this.#rates[fault]);
  }

  /** A call to the outside that may fail in every way there is. */
  async call<Result>(invocation: Invocation, act: () => Promise<Result>): Promise<Result> {
    this.#live(invocation);
    invocation.leftMs -= this.#random.integer(1, 25);
    // Others get their turn, so that invocations interleave.
    for (let turns = this.#random.integer(0, 4); turns > 0; turns -= 1) await Promise.resolve();
    this.#maybeDie(invocation);
    if (this.strikes("throttle")) {
      this.count("throttled");
      throw new StoreError("busy", "table", "throttled");
    }
    const result = await act();
    this.#maybeDie(invocation);
    if (this.strikes("lostResponse")) {
      this.count("lostResponses");
      throw new StoreError("failed", "table", "the answer was lost");
    }
    return result;
  }

  #maybeDie(invocation: Invocation): void {
    if (this.strikes("crash")) {
      this.count("crashes");
      invocation.isDead = true;
    }
    this.#live(invocation);
  }

  /** A process that died does nothing more, whatever its code would still do. */
  #live(invocation: Invocation): void {
    if (!invocation.isDead) return;
    invocation.leftMs = 0;
    throw new StoreError("failed", "process", "is dead");
  }
}
