import { deviationOf, type ShareExpectation } from "../baseline/call-share.ts";
import type { VolumeLimits } from "../baseline/volume-habit.ts";
import type { Reason } from "./detector.ts";
import type { Evidence } from "./evidence.ts";
import { pointsOf } from "./points.ts";

/** Up to this many times its largest alarm of late, one that often alarms does what it does now and then. */
const OFTEN = 2;
const OFTEN_DAYS = 2;
/** What a person's query through a service is worth at most. */
const QUERY_POINTS = 48;

/** Where more than this part of all calls are decrypts, the others say nothing about them. */
const MOST_SHARE = 0.97;
/** Standard deviations up to which a share of decrypts is as usual, and from which on it is not. */
const ALIKE = 0.75;
const ALONE = 2;

/** Calls of a number of like windows, and how much it weighs that decrypts rose alone. */
interface Calls {
  readonly decrypts: number;
  readonly others: number;
  readonly windows: number;
  readonly alonePoints: number;
}

/**
 * Whether what a principal does beside its decrypts rose with them: customers and load tests make a service write as well, a thief
 * only reads.
 */
export function companyReasons(
  { decrypts, others, windows, alonePoints }: Calls,
  expectation: ShareExpectation | null,
): Reason[] {
  if (expectation === null || expectation.share > MOST_SHARE) return [];
  const [part, all] = [decrypts / windows, (decrypts + others) / windows];
  const deviation = deviationOf(expectation, part, all) * Math.sqrt(windows);
  const shares = `${percent(decrypts / (decrypts + others))} % of its calls decrypt, ${percent(expectation.share)} % otherwise.`;
  if (deviation < ALIKE) {
    return [{ code: "rose-alike", text: `Its other calls rose alike: ${shares}`, points: -14 }];
  }
  if (deviation < ALONE) return [];
  return [
    { code: "rose-alone", text: `Its other calls did not rise: ${shares}`, points: alonePoints },
  ];
}

function percent(part: number): number {
  return Math.round(100 * part);
}

/** Points for how far over its limit a count is: 35 at the limit, 12 for each time that it doubles, 84 at most. */
export function pointsOfRise(timesLimit: number): number {
  return Math.round(Math.min(84, 35 + 12 * Math.log2(Math.max(1, timesLimit))) * 10) / 10;
}

/** People open a report or run a query, and a service decrypts for them as many things as it holds. */
export function personReasons(
  { human, evidence }: { readonly human: boolean; readonly evidence: Evidence | null },
  reasons: readonly Reason[],
): Reason[] {
  if (!human) return [];
  if (evidence?.principal?.via === null) {
    return [{ code: "person", text: "People work in bursts.", points: -6 }];
  }
  const points = pointsOf(reasons);
  const text = "A person's query, for which a service decrypts.";
  return [{ code: "person", text, points: Math.min(-25, QUERY_POINTS - points) }];
}

/** Whoever rises now and then by nature, as analysts and importers do, is judged by how often and how far. */
export function oftenReasons(
  count: number,
  { alarmDays, largestAlarm }: Pick<VolumeLimits, "alarmDays" | "largestAlarm">,
): Reason[] {
  if (alarmDays < OFTEN_DAYS || count > OFTEN * largestAlarm) return [];
  const text = `Rose like this on ${alarmDays} days of late, up to ${largestAlarm}.`;
  return [{ code: "rises-often", text, points: -Math.min(60, 20 + 10 * alarmDays) }];
}
