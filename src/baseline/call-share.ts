import { gammaln } from "simple-statistics";
import { fade, short } from "./forgetting.ts";

/**
 * What part of an entity's calls are of one kind, window by window, and how much more that part varies than by chance: moments of
 * a beta-binomial (Williams 1975, "The analysis of binary responses from toxicological experiments involving reproduction and
 * teratogenicity"), with exponential forgetting by windows that hold any call. Plain data.
 */
export interface CallShare {
  /** Faded sums of the calls of the kind, and of all calls. */
  part: number;
  all: number;
  /** Windows learned, unfaded. */
  windows: number;
  /** Faded sums: variance beyond that of a binomial, and what it would be if all calls of a window were of one kind. */
  beyond: number;
  most: number;
}

/** The part expected of the next window. */
export interface ShareExpectation {
  /** 0 to 1. */
  readonly share: number;
  /** Correlation of two calls of a window, 0 to 1: the over-dispersion. */
  readonly correlation: number;
}

/** Where more than this part of all calls are of one kind, the others say nothing about them. */
export const MOST_TELLING_SHARE = 0.97;

/** Correlation assumed at first, with the weight of a few windows, and at least. */
const FIRST_CORRELATION = 0.01;
const FIRST_WEIGHT = 500;
const LEAST_CORRELATION = 0.001;
const MOST_CORRELATION = 0.98;
/** Below so many calls, of late, no share is known. */
const LEAST_CALLS = 100;
/** Summands beyond which a tail adds nothing to its digits. */
const NEGLIGIBLE = 1e-6;

export function newCallShare(): CallShare {
  return { part: 0, all: 0, windows: 0, beyond: 0, most: 0 };
}

export function expectShare({ part, all, beyond, most }: CallShare): ShareExpectation {
  const correlation = (beyond + FIRST_CORRELATION * FIRST_WEIGHT) / (most + FIRST_WEIGHT);
  return {
    // Of few calls nothing is certain: Laplace's rule of succession.
    share: short((part + 1) / (all + 2)),
    correlation: short(Math.min(MOST_CORRELATION, Math.max(LEAST_CORRELATION, correlation))),
  };
}

/** Whether enough is known of it to judge by. */
export function isShareKnown({ all }: CallShare): boolean {
  return all >= LEAST_CALLS;
}

/** The part expected of the next window; null where too little is known. */
export function knownShare(share: CallShare): ShareExpectation | null {
  return isShareKnown(share) ? expectShare(share) : null;
}

/** Learns a window that held calls; half of what is known is forgotten after so many windows. */
export function learnShare(
  known: CallShare,
  { part, all }: { readonly part: number; readonly all: number },
  halfLife: number,
): void {
  if (all === 0) return;
  const { share } = expectShare(known);
  const faded = fade(1, halfLife);
  const variance = share * (1 - share);
  known.beyond = short(known.beyond * faded + (part - share * all) ** 2 - variance * all);
  known.most = short(known.most * faded + variance * all * (all - 1));
  known.part = short(known.part * faded + part);
  known.all = short(known.all * faded + all);
  known.windows += 1;
}

/** Calls of the kind above what is expected of a window with so many calls, in standard deviations. */
export function deviationOf(expectation: ShareExpectation, part: number, all: number): number {
  return all === 0 ? 0 : (part - expectation.share * all) / scatterOf(expectation, all);
}

/** Standard deviation of the calls of the kind in a window with so many calls. */
export function scatterOf({ share, correlation }: ShareExpectation, all: number): number {
  return Math.sqrt(all * share * (1 - share) * (1 + (all - 1) * correlation));
}

/** How improbable it is that of `all` calls `part` or more are of the kind: −log₁₀ of the tail of the beta-binomial. */
export function improbabilityOf(
  { share, correlation }: ShareExpectation,
  part: number,
  all: number,
): number {
  if (part <= share * all) return 0;
  const strength = 1 / correlation - 1;
  const [alpha, beta] = [share * strength, (1 - share) * strength];
  let term = 1;
  let tail = 1;
  for (let count = part; count < all && term > NEGLIGIBLE * tail; count += 1) {
    term *= ((all - count) * (count + alpha)) / ((count + 1) * (all - count - 1 + beta));
    tail += term;
  }
  const first =
    logChoose(all, part) + logBeta(part + alpha, all - part + beta) - logBeta(alpha, beta);
  return Math.max(0, -(first + Math.log(tail)) / Math.LN10);
}

function logChoose(all: number, part: number): number {
  return gammaln(all + 1) - gammaln(part + 1) - gammaln(all - part + 1);
}

function logBeta(alpha: number, beta: number): number {
  return gammaln(alpha) + gammaln(beta) - gammaln(alpha + beta);
}
