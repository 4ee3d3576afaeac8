import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../../src/simulation/random.ts";
import type { InvocationResult, LambdaFunction } from "./lambda-function.ts";

/** What goes wrong between the mapping and the function, each by its chance from 0 to 1; left out: never. */
export interface Chaos {
  /** The function's concurrency is used up; it sees nothing. */
  readonly throttled?: number;
  /** The function dies before it has done anything. */
  readonly crashed?: number;
  /** The function did everything, and the mapping hears of a failure. */
  readonly lostAnswer?: number;
  /** The mapping gives up while the function goes on. */
  readonly abandoned?: number;
  /** The sandbox is killed in the midst of its work. */
  readonly killed?: number;
  /** Two invocations with the same batch at the same time. */
  readonly doubled?: number;
  /** A batch that is tried again is cut anew, with records of other batches. */
  readonly rebatched?: number;
}

/** What chaos did, for the log of a test. */
export type ChaosCounts = Record<keyof Chaos, number>;

export const noChaos = (): ChaosCounts => ({
  throttled: 0,
  crashed: 0,
  lostAnswer: 0,
  abandoned: 0,
  killed: 0,
  doubled: 0,
  rebatched: 0,
});

/** Longest patience with a function that is about to be abandoned or killed, milliseconds. */
const MOST_PATIENCE_MS = 40;

/** Invokes a function as an unreliable network and an overloaded service would; draws the same for the same seed. */
export async function invokeInChaos(
  invoked: LambdaFunction,
  payload: string,
  chaos: Chaos,
  random: Random,
  counts: ChaosCounts,
): Promise<InvocationResult> {
  // All are drawn on every call, so that the chance of one does not move the others.
  const draws = [0, 1, 2, 3, 4, 5].map(() => random.fraction());
  const happens = (kind: keyof Chaos, draw = 1) => {
    const does = draw < (chaos[kind] ?? 0);
    if (does) counts[kind] += 1;
    return does;
  };
  if (happens("throttled", draws[0])) return { status: "throttled" };
  if (happens("crashed", draws[1])) return { status: "failed", error: "Runtime.ExitError" };
  const kills = happens("killed", draws[2]);
  const isShort = kills || happens("abandoned", draws[3]);
  const patience = isShort ? { timeoutMs: random.integer(0, MOST_PATIENCE_MS), kills } : {};
  const twin = happens("doubled", draws[4])
    ? sleep(random.integer(0, 3)).then(() => invoked.invoke(payload))
    : undefined;
  const results = await Promise.all([invoked.invoke(payload, patience), twin]);
  const result = random.pick(results.filter((one) => one !== undefined));
  return happens("lostAnswer", draws[5]) ? { status: "failed", error: "connection reset" } : result;
}
