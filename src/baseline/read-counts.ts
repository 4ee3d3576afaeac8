import { countMinute, countWithin, type MinuteCounts, secondOf } from "./minute-counts.ts";

/**
 * What was read in one hour, where the same secret read again is nothing more: fifty tasks that start at once read the same five
 * secrets, and learn five. Other reads count each. In any window of the hour a secret counts once. Order of counting does not
 * matter. Plain data.
 */
export interface ReadCounts {
  /** Reads of everything but secrets; the seconds are those of any read. */
  others: MinuteCounts;
  /** Secret → minutes of the hour in which it was read. */
  secrets: Record<string, number[]>;
  /** Reads of secrets, every one. */
  secretReads: MinuteCounts;
}

/** Secrets told apart in an hour; each read of a further one counts. */
const MOST_SECRETS = 500;
const LAST_MINUTE = 59;
/** Reads of what was read before in the hour that count for one: a thousand times the same is no restart of tasks either. */
export const READS_AGAIN = 32;

export function newReadCounts(): ReadCounts {
  return { others: [], secrets: {}, secretReads: [] };
}

/** Counts one read, of a secret where one is named; true where it is the first of its kind in the hour. */
export function countRead(counts: ReadCounts, timeMs: number, secret: string | undefined): boolean {
  if (secret === undefined || !isToldApart(counts.secrets, secret)) {
    countMinute(counts.others, timeMs);
    return true;
  }
  const minutes = counts.secrets[secret];
  countMinute(counts.others, timeMs, 0);
  const minute = minuteOf(timeMs);
  countMinute(counts.secretReads, timeMs);
  if (minutes === undefined) counts.secrets[secret] = [minute];
  else if (!minutes.includes(minute)) minutes.push(minute);
  return minutes === undefined;
}

/** Notes a read in the secrets of an hour; true where it names none, or is the first of its secret. */
export function isFirstRead(secrets: Record<string, true>, secret: string | undefined): boolean {
  if (secret === undefined || !isToldApart(secrets, secret)) return true;
  const isNew = secrets[secret] === undefined;
  secrets[secret] = true;
  return isNew;
}

/** Whether a secret of an hour is noted by its name, or may still be. */
function isToldApart(secrets: Readonly<Record<string, unknown>>, secret: string): boolean {
  return secrets[secret] !== undefined || Object.keys(secrets).length < MOST_SECRETS;
}

/** Largest count within any `width` consecutive minutes that hold this time. */
export function largestReads(counts: ReadCounts, timeMs: number, width: number): number {
  const minute = minuteOf(timeMs);
  let largest = 0;
  for (let start = minute - width + 1; start <= minute; start += 1) {
    largest = Math.max(largest, readsWithin(counts, start, start + width - 1));
  }
  return largest;
}

/** Largest count within any `width` consecutive minutes of the hour. */
export function densestReads(counts: ReadCounts, width: number): number {
  let largest = 0;
  for (let start = 0; start <= LAST_MINUTE; start += 1) {
    largest = Math.max(largest, readsWithin(counts, start, start + width - 1));
  }
  return largest;
}

/** What counts of an hour must exceed. */
export interface ReadLimits {
  readonly hour: number;
  /** Of `width` minutes. */
  readonly window: number;
  readonly width: number;
  /** Reads that repeat one of the hour, beyond which each counts. */
  readonly again: number;
}

/**
 * Second of the hour, 0–3599, of the last read in the first minute by which the count of the hour or that of the window is over its limit;
 * 3599 where neither is.
 */
export function crossingRead(counts: ReadCounts, limits: ReadLimits): number {
  return secondOf(
    counts.others,
    (minute) =>
      readsUntil(counts, minute, limits.again) > limits.hour ||
      readsWithin(counts, minute - limits.width + 1, minute) > limits.window,
  );
}

function readsWithin(counts: ReadCounts, from: number, to: number): number {
  return countWithin(counts.others, from, to) + secretsWithin(counts, from, to);
}

function secretsWithin({ secrets }: ReadCounts, from: number, to: number): number {
  let count = 0;
  for (const secret in secrets) {
    if (secrets[secret]?.some((minute) => minute >= from && minute <= to) === true) count += 1;
  }
  return count;
}

/** Reads of the hour up to a minute, repeated ones included as far as they count. */
function readsUntil(counts: ReadCounts, minute: number, free: number): number {
  const again = countWithin(counts.secretReads, 0, minute) - secretsWithin(counts, 0, minute);
  return (
    readsWithin(counts, 0, minute) + Math.floor(again / READS_AGAIN) + Math.max(0, again - free)
  );
}

function minuteOf(timeMs: number): number {
  return Math.floor(timeMs / 60_000) % 60;
}
