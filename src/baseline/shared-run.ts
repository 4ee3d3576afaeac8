import { MOST_TELLING_SHARE } from "./call-share.ts";
import { short } from "./forgetting.ts";
import type { HourExpectation } from "./seasonal-rate.ts";

/**
 * A run of hours in a row whose counts lie above what is expected: Page's one-sided cumulative sum (Page 1954, "Continuous inspection
 * schemes") over hours, and what was counted on the way. Plain data.
 */
export interface SharedRun {
  readonly sum: number;
  readonly startHour: number;
  readonly hours: number;
  readonly count: number;
  readonly expected: number;
  /** Decrypts, and encryptions beside them. */
  readonly decrypts: number;
  readonly encrypts: number;
  /** Over the hours, the decrypts of whoever had most. */
  readonly largest: number;
  /** Most principals of one hour. */
  readonly users: number;
}

/** One hour of an entity that many share. */
export interface SharedHour {
  readonly hour: number;
  readonly count: number;
  readonly decrypts: number;
  readonly encrypts: number;
  readonly largest: number;
  readonly users: number;
}

export interface SharedRule {
  /** Part of decrypts and encryptions that decrypt otherwise, 0 to 1; null where it is not known. */
  readonly share: number | null;
  /** Principals that some hour of the run must have. */
  readonly leastUsers: number;
}

/** Standard deviations that an hour may lie above without adding anything (Page's k), and at most adds beyond them. */
const ALLOWANCE = 1;
const MOST_PER_HOUR = 2;
/** Sum from which on it is a rise (Page's h), after so many hours. */
const THRESHOLD = 4;
const LEAST_HOURS = 3;
/** Part of the decrypts that one principal may have: one culprit is no shared rise. */
const MOST_OF_ONE = 0.35;
/** Where encryptions are more than this part of their usual number beside so many decrypts, both rose: customers came. */
const ALIKE = 0.8;

/** The run with one more hour; null where the hours are back to what is expected. Hours in strict order; an hour without any ends it. */
export function withHour(
  before: SharedRun | null,
  seen: SharedHour,
  { mean, dispersion }: HourExpectation,
): SharedRun | null {
  const run = before !== null && before.startHour + before.hours === seen.hour ? before : null;
  const scatter = Math.sqrt(Math.max(1, mean + dispersion * mean * mean));
  const step = Math.min(MOST_PER_HOUR, (seen.count - mean) / scatter - ALLOWANCE);
  const sum = short((run?.sum ?? 0) + step);
  if (sum <= 0) return null;
  const { startHour, hours, count, expected, decrypts, encrypts, largest, users } =
    run ?? newRun(seen.hour);
  return {
    sum,
    startHour,
    hours: hours + 1,
    count: count + seen.count,
    expected: short(expected + mean),
    decrypts: decrypts + seen.decrypts,
    encrypts: encrypts + seen.encrypts,
    largest: largest + seen.largest,
    users: Math.max(users, seen.users),
  };
}

/** Whether a run is a rise that many share, and that is no rush of customers. */
export function isSharedRise(
  run: SharedRun | null,
  { share, leastUsers }: SharedRule,
): run is SharedRun {
  if (run === null || run.sum < THRESHOLD || run.hours < LEAST_HOURS) return false;
  if (run.users < leastUsers || run.largest > MOST_OF_ONE * run.decrypts) return false;
  return !roseAlike(run, share);
}

function newRun(startHour: number): SharedRun {
  return {
    sum: 0,
    startHour,
    hours: 0,
    count: 0,
    expected: 0,
    decrypts: 0,
    encrypts: 0,
    largest: 0,
    users: 0,
  };
}

function roseAlike({ decrypts, encrypts }: SharedRun, share: number | null): boolean {
  if (share === null || share > MOST_TELLING_SHARE) return false;
  return encrypts >= (ALIKE * decrypts * (1 - share)) / share;
}
