import { deviationOf, MOST_TELLING_SHARE, type ShareExpectation } from "../baseline/call-share.ts";
import { densestReads, type ReadCounts } from "../baseline/read-counts.ts";
import type { VolumeLimits } from "../baseline/volume-habit.ts";
import type { Reason } from "./detector.ts";
import type { Evidence } from "./evidence.ts";
import { pointsOf } from "./points.ts";

/** Up to this many times its largest alarm of late, one that often alarms does what it does now and then. */
const OFTEN = 2;
const OFTEN_DAYS = 2;
/** What a person's query through a service is worth at most: low, since whoever looks for data reads as much as there is. */
const QUERY_POINTS = 36;
/** Reads within five minutes from which on a machine makes them for a query: a person asks for one thing after another. */
const QUERY_PACE = 25;

/** Services through which things are read one by one: Secrets Manager, and Systems Manager as CloudTrail names it. */
const SECRET_STORES = new Set([
  "secretsmanager.amazonaws.com",
  "AWS Internal",
  "ssm.amazonaws.com",
]);

/** Standard deviations up to which a share of decrypts is as usual, and from which on it is not. */
const ALIKE = 0.75;
const ALONE = 2;
/** What rose with its other calls weighs less, and is low at most: imports, backfills and load tests do so a hundredfold. */
const ALIKE_POINTS = -16;
const MOST_ALIKE = 35;

/** Minutes in which a program that reads something once is done, … */
const SHORT_MINUTES = 30;
/** … having made at least this part of the hour's calls; below the other part it is as spread as a busy hour. */
const SHORT_PART = 0.85;
const SPREAD_PART = 0.75;
/** Times the largest usual hour, and at least so many calls, from which on an hour is no busy one. */
const FAR_BUSIER = 4;
const FEW = 20;

/** Calls of a number of like windows, and how much it weighs that decrypts rose alone. */
interface Calls {
  readonly decrypts: number;
  readonly others: number;
  readonly windows: number;
  readonly alonePoints: number;
  /** Points of the reasons before it. */
  readonly points: number;
}

/**
 * Whether what a principal does beside its decrypts rose with them: customers and load tests make a service write as well, a thief
 * only reads.
 */
export function companyReasons(
  { decrypts, others, windows, alonePoints, points }: Calls,
  expectation: ShareExpectation | null,
): Reason[] {
  if (expectation === null || expectation.share > MOST_TELLING_SHARE) return [];
  const [part, all] = [decrypts / windows, (decrypts + others) / windows];
  const deviation = deviationOf(expectation, part, all) * Math.sqrt(windows);
  const shares = `${percent(decrypts / (decrypts + others))} % of its calls decrypt, ${percent(expectation.share)} % otherwise.`;
  if (deviation < ALIKE) {
    const text = `Its other calls rose alike: ${shares}`;
    return [{ code: "rose-alike", text, points: Math.min(ALIKE_POINTS, MOST_ALIKE - points) }];
  }
  if (deviation < ALONE) return [];
  return [
    { code: "rose-alone", text: `Its other calls did not rise: ${shares}`, points: alonePoints },
  ];
}

function percent(part: number): number {
  return Math.round(100 * part);
}

/** Decrypts of an hour, and how they came. */
interface Pace {
  readonly reads: ReadCounts;
  /** Those that the reads hold, and with repeated ones. */
  readonly told: number;
  readonly count: number;
  readonly human: boolean;
  readonly isBurst: boolean;
}

/** How the calls of an hour are spread over it: a busy hour lasts as long as an hour does. */
export function paceReasons(
  { reads, told, count, human, isBurst }: Pace,
  { largestHour, alarmDays }: Pick<VolumeLimits, "largestHour" | "alarmDays">,
): Reason[] {
  // Where repeated reads made it so many, their pace says nothing.
  if (count > told) return [];
  const part = densestReads(reads, SHORT_MINUTES) / count;
  if (part < SPREAD_PART) {
    // What no busy hour ever came near to is none, however long it lasts.
    if (alarmDays === 0 && count >= FAR_BUSIER * Math.max(FEW, largestHour)) return [];
    const text = `Spread over the hour as in a busy one: no half of it holds more than ${percent(part)} %.`;
    return [{ code: "spread", text, points: -12 }];
  }
  if (isBurst || human || part < SHORT_PART) return [];
  const text = `${percent(part)} % of it within half an hour: read once, and done.`;
  return [{ code: "short", text, points: 6 }];
}

/** What an improbability of so many decimal digits is one of, for people to read: 3.3 is one in 2,000. */
export function oneIn(improbability: number): string {
  return Number((10 ** Math.min(9, improbability)).toPrecision(1)).toLocaleString("en-US");
}

/** Points for how far over its limit a count is: 35 at the limit, 12 for each time that it doubles, 84 at most. */
export function pointsOfRise(timesLimit: number): number {
  return Math.round(Math.min(84, 35 + 12 * Math.log2(Math.max(1, timesLimit))) * 10) / 10;
}

/** What is known of the reads of an hour, which a person may have made; `fiveMinutes` are those of its busiest five. */
interface PersonReads {
  readonly human: boolean;
  readonly evidence: Evidence | null;
  readonly fiveMinutes: number;
}

/** People open a report or run a query, and a service decrypts for them as many things as it holds; secrets they ask for one by one. */
export function personReasons(
  { human, evidence, fiveMinutes }: PersonReads,
  reasons: readonly Reason[],
): Reason[] {
  if (!human) return [];
  const via = evidence?.principal?.via ?? null;
  if (via === null || SECRET_STORES.has(via)) {
    return [{ code: "person", text: "People work in bursts.", points: -6 }];
  }
  if (fiveMinutes < QUERY_PACE) {
    const paced = "A person's reads through a service, at the pace of a person.";
    return [{ code: "person", text: paced, points: -14 }];
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
