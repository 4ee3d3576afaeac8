import { z } from "zod";
import { HOUR_MS } from "../src/baseline/calendar.ts";
import {
  type CallShare,
  knownShare,
  learnShare,
  newCallShare,
} from "../src/baseline/call-share.ts";
import { short } from "../src/baseline/forgetting.ts";
import {
  expectHour,
  type HourExpectation,
  hourLimit,
  learnHour,
  learnSilence,
  newSeasonalRate,
  type SeasonalRate,
} from "../src/baseline/seasonal-rate.ts";
import {
  isSharedRise,
  type SharedHour,
  type SharedRun,
  withHour,
} from "../src/baseline/shared-run.ts";
import {
  addEvidence,
  baselineState,
  counted,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  isDecryption,
  isEncryption,
  keyOf,
  levelOf,
  newEvidence,
  type Reason,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  /** Decrypts of all principals in an hour. */
  rate: SeasonalRate;
  /** Usual decrypts, in an hour, of the principal that has most: an exponentially weighted mean. */
  largest: number;
  /** How many principals decrypt in an hour. */
  users: SeasonalRate;
  /** What part of its decrypts and encryptions are decrypts. */
  share: CallShare;
  /** The run of hours that lie above what is expected. */
  run: SharedRun | null;
}

interface Limits {
  readonly expectation: HourExpectation;
  /** Decrypts of one principal in an hour that count at most: a single culprit is decrypt-spike's. */
  share: number;
  /** Decrypts of an hour that teach at most. */
  most: number;
  /** Principals of an hour that must be exceeded, and how many are expected; `NEVER` while the key is learned. */
  users: number;
  expectedUsers: number;
  /** What part of decrypts and encryptions are decrypts; null where too little is known. */
  reads: number | null;
}

interface Bucket {
  /** Decrypts, those of each principal beyond the share not counted. */
  count: number;
  decrypts: number;
  encrypts: number;
  users: Record<string, User>;
  userCount: number;
  /** Null while the key is learned and not judged. */
  evidence: Evidence | null;
}

interface User {
  count: number;
  firstMs: number;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of a key's own history before it is judged."),
  floorOfPrincipals: z
    .int()
    .min(2)
    .default(8)
    .describe("Never alert for their number on fewer principals in an hour."),
  principalsDeviations: z
    .number()
    .min(1)
    .default(4)
    .describe(
      "Standard deviations by which the number of principals must exceed what is expected.",
    ),
  floorOfRun: z
    .int()
    .min(2)
    .default(10)
    .describe("Never alert for several hours in a row with fewer principals in each of them."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

/** The share where no principal usually decrypts more. */
const LEAST_SHARE = 8;
/** Weight of the newest hour in the usual largest count of one principal. */
const NEWEST = 0.05;
/** What a wild hour teaches at most: so many decrypts, times what is expected, or what is as improbable as this. */
const LEAST_TAUGHT = 25;
const MOST_TAUGHT = 2;
const TAIL = 0.01;
/** Part of an hour's decrypts, each principal's share counted, beyond which one's are no small part of a rise that many share. */
const MOST_OF_ONE = 1 / 3;
const MOST_USERS = 1000;
const DAILY: Subject = { name: "", period: "day" };
const RUN: Subject = { name: "run", period: "hour" };
const SUBJECTS = [DAILY, RUN];
/** Encryptions raise no level. */
const NOTHING: readonly Subject[] = [];
const SHARE_HALF_LIFE_HOURS = 200;
const NEVER = Number.MAX_SAFE_INTEGER;

/** Many principals each use a key somewhat more than usual. */
export const keyWideRise = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "key-wide-rise",
  version: 7,
  title: "Rise over all users of a key",
  entity: "key",
  reliableFrom: 46,
  severity: "medium to high",
  why: "Whoever holds many roles, or a library that many services share, can take a little through each. Only the key's own count shows it.",
  falsePositives: [
    "A rush of customers, or all services restarting at once.",
    "A failed cache that all its clients go around.",
  ],
  knownGaps: [
    "Keys younger than the learning days.",
    "A rise through fewer than three or four principals: see decrypt-spike.",
    "An hour in which no more principals decrypt than usual, however much.",
    "A rise over hours through fewer than ten principals, or with encryptions that rise alike.",
  ],
  triage: [
    "See what the principals have in common: a library, an image, a deployment of that hour.",
    "Compare the encryption contexts with those of the hours before: other things, or the same more often.",
    "Ask whoever runs the platform for restarts and load tests.",
  ],
  attack: [
    { technique: "T1530", name: "Data from Cloud Storage", tactic: "collection" },
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
  ],
  options: Options,
  judgesClosed: [RUN.name],

  accepts: (event) => event.error === undefined && (isDecryption(event) || isEncryption(event)),

  newBaseline: () => ({
    rate: newSeasonalRate(),
    largest: 0,
    users: newSeasonalRate(),
    share: newCallShare(),
    run: null,
  }),
  newBucket: () => ({
    count: 0,
    decrypts: 0,
    encrypts: 0,
    users: {},
    userCount: 0,
    evidence: null,
  }),

  limits(baseline, hour, options) {
    const expectation = expectHour(baseline.rate, hour);
    const isLearning = expectation.daysLearned < options.learningDays;
    const { mean } = expectHour(baseline.users, hour);
    // A number of different principals is a sum of yes and no: its variance is no larger than its mean (Le Cam 1960).
    const scatter = options.principalsDeviations * Math.sqrt(mean);
    const users = Math.max(options.floorOfPrincipals - 1, Math.floor(mean + scatter));
    const improbable = hourLimit(expectation, TAIL);
    return {
      expectation,
      share: Math.max(LEAST_SHARE, Math.ceil(baseline.largest)),
      most: Math.ceil(Math.max(LEAST_TAUGHT, MOST_TAUGHT * expectation.mean, improbable)),
      users: isLearning ? NEVER : users,
      expectedUsers: mean,
      reads: knownShare(baseline.share)?.share ?? null,
    };
  },

  add({ bucket, limits }, event) {
    if (!isDecryption(event)) {
      bucket.encrypts += 1;
      return;
    }
    bucket.decrypts += 1;
    const name = `p:${event.principal.entity}`;
    let user = bucket.users[name];
    if (user === undefined) {
      if (bucket.userCount >= MOST_USERS) return;
      bucket.userCount += 1;
      user = { count: 0, firstMs: event.timeMs };
      bucket.users[name] = user;
    }
    if (user.count < limits.share) bucket.count += 1;
    user.count += 1;
    user.firstMs = Math.min(user.firstMs, event.timeMs);
    if (limits.users === NEVER) return;
    bucket.evidence ??= newEvidence();
    addEvidence(bucket.evidence, event);
  },

  subjects: (event) => (isDecryption(event) ? SUBJECTS : NOTHING),
  level(view, subject, options) {
    const { bucket, limits } = view;
    if (limits.users === NEVER) return -1;
    if (subject === RUN.name) return runOf(view, options) === null ? -1 : 0;
    return levelOf(bucket.userCount, limits.users + 1);
  },
  describe: (view, subject, options) =>
    subject === RUN.name ? describeRun(view, options) : describeRise(view),
  fold(baseline, hour, bucket, limits, options) {
    baseline.run = runAfter(baseline.run, { hour, bucket, limits }, options);
    if (baseline.run === null) {
      const calls = { part: bucket.decrypts, all: bucket.decrypts + bucket.encrypts };
      learnShare(baseline.share, calls, SHARE_HALF_LIFE_HOURS);
    }
    learnHour(baseline.rate, hour, Math.min(bucket.count, limits.most));
    learnHour(baseline.users, hour, Math.min(bucket.userCount, limits.users));
    const isFirst = baseline.largest === 0;
    // A culprit teaches no more than twice what was usual.
    const largest = isFirst ? largestOf(bucket) : Math.min(largestOf(bucket), 2 * limits.share);
    baseline.largest = short(
      baseline.largest + (isFirst ? 1 : NEWEST) * (largest - baseline.largest),
    );
  },
  skip(baseline, from, to) {
    learnSilence(baseline.rate, from, to);
    learnSilence(baseline.users, from, to);
  },
});

type Seen = Pick<View, "hour" | "bucket" | "limits">;

function runWith(run: SharedRun | null, { hour, bucket, limits }: Seen): SharedRun | null {
  return withHour(run, seenOf(hour, bucket), limits.expectation);
}

function isRise(run: SharedRun | null, { limits }: Seen, options: Options): run is SharedRun {
  return isSharedRise(run, { share: limits.reads, leastUsers: options.floorOfRun });
}

/** The run to go on from: once told, it begins anew. */
function runAfter(run: SharedRun | null, seen: Seen, options: Options): SharedRun | null {
  const next = runWith(run, seen);
  return isRise(next, seen, options) ? null : next;
}

/** The run that ends with this hour, where it is to be told. */
function runOf(view: View, options: Options): SharedRun | null {
  let before = view.baseline.run;
  for (const open of view.earlier) before = runAfter(before, open, options);
  const run = runWith(before, view);
  return isRise(run, view, options) ? run : null;
}

function seenOf(hour: number, bucket: Bucket): SharedHour {
  const { count, decrypts, encrypts, userCount } = bucket;
  return { hour, count, decrypts, encrypts, largest: largestOf(bucket), users: userCount };
}

function largestOf({ users }: Bucket): number {
  let largest = 0;
  for (const { count } of Object.values(users)) largest = Math.max(largest, count);
  return largest;
}

function describeRun(view: View, options: Options): Finding {
  const { hour, bucket, limits, entity } = view;
  const run = runOf(view, options);
  if (run === null) throw new Error(`key-wide-rise: no run in hour ${hour} of ${entity}`);
  const expected = Math.round(run.expected);
  const key = keyOf(entity);
  const endMs = (hour + 1) * HOUR_MS;
  return {
    title: "Many principals use a key more, hour after hour",
    summary: `${run.decrypts} decrypts with a key in ${counted(run.hours, "hour")}, by up to ${counted(run.users, "principal")} an hour; usually about ${expected}.`,
    reasons: reasonsOfRun(run),
    eventTimeMs: endMs - 1,
    windowStartMs: run.startHour * HOUR_MS,
    windowEndMs: endMs,
    principal: null,
    key,
    accountId: key.accountId,
    region: key.region,
    observed: { decrypts: run.count, hours: run.hours, principals: run.users },
    expected: { decrypts: expected },
    baseline: baselineState(limits.expectation.daysLearned, limits.expectation.samples),
    evidence: bucket.evidence ?? newEvidence(),
  };
}

function reasonsOfRun({ hours, sum }: SharedRun): Reason[] {
  return [
    {
      code: "key-run",
      text: `More than usual in ${hours} hours in a row, together ${sum} standard deviations beyond what scatters; no principal has more than a third.`,
      points: Math.round(Math.min(60, 42 + 3 * (sum - 4))),
    },
  ];
}

function describeRise(view: View): Finding {
  const { hour, bucket, limits, entity } = view;
  const evidence = bucket.evidence ?? newEvidence();
  const { expectation } = limits;
  const startMs = hour * HOUR_MS;
  const key = keyOf(entity);
  const largest = largestOf(bucket);
  return {
    title: "Many principals use a key more",
    summary: `${counted(bucket.userCount, "principal")} decrypted ${bucket.decrypts} times with a key in an hour, ${largest} times at most each; usually about ${Math.round(limits.expectedUsers)} do.`,
    reasons: reasonsOf(view),
    eventTimeMs: crossingMs(view),
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: null,
    key,
    accountId: key.accountId,
    region: key.region,
    observed: {
      decryptsPerHour: bucket.count,
      principals: bucket.userCount,
      largestOfOne: largest,
    },
    expected: {
      decryptsPerHour: Math.round(expectation.mean * 10) / 10,
      principals: Math.round(limits.expectedUsers * 10) / 10,
      principalsLimit: limits.users,
    },
    baseline: baselineState(expectation.daysLearned, expectation.samples),
    evidence,
  };
}

function reasonsOf({ bucket, limits }: View): Reason[] {
  const beyond = Math.min(20, 16 * Math.log2(bucket.userCount / limits.users));
  const reasons: Reason[] = [
    {
      code: "key-users",
      text: `${bucket.userCount} principals in the hour; expected ${Math.round(limits.expectedUsers)}, limit ${limits.users}.`,
      points: Math.round(40 + beyond),
    },
  ];
  const largest = largestOf(bucket);
  if (largest > MOST_OF_ONE * bucket.count) {
    const text = `One of them made ${largest} of ${bucket.decrypts} decrypts, as where a restart or a test goes through all.`;
    reasons.push({ code: "one-has-most", text, points: -24 });
  }
  return reasons;
}

/** When the principals were too many. */
function crossingMs({ hour, bucket, limits }: View): number {
  const firsts = Object.values(bucket.users).map(({ firstMs }) => firstMs);
  const sorted = firsts.sort((one, other) => one - other);
  return sorted[limits.users] ?? hour * HOUR_MS;
}
