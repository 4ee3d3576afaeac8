import { z } from "zod";
import { HOUR_MS } from "../src/baseline/calendar.ts";
import {
  addDistinct,
  distinctCount,
  type DistinctSketch,
} from "../src/baseline/distinct-sketch.ts";
import { countMinute, crossingSecond, type MinuteCounts } from "../src/baseline/minute-counts.ts";
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
  addEvidence,
  baselineState,
  callerName,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  isEncryption,
  isSecret,
  type KmsEvent,
  levelOf,
  newEvidence,
  type Reason,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  secrets: SeasonalRate;
  objects: SeasonalRate;
}

interface Bucket {
  /** Contexts of secrets and parameters: reads, writes, first and last read, milliseconds into the hour. */
  secrets: Record<string, [reads: number, writes: number, firstMs: number, lastMs: number]>;
  /** Number of them. */
  secretsMet: number;
  secretsRead: number;
  secretsReadAgain: number;
  objects: DistinctSketch;
  objectReads: MinuteCounts;
  /** Null before the first, and for objects while the principal is learned and not judged. */
  secretsEvidence: Evidence | null;
  objectsEvidence: Evidence | null;
}

interface Limits {
  secrets: number;
  objects: number;
  secretsExpected: HourExpectation;
  objectsExpected: HourExpectation;
}

const Options = z.strictObject({
  floorSecrets: z
    .int()
    .min(2)
    .default(20)
    .describe("Distinct secrets or parameters read in an hour below which it never alerts."),
  floorObjects: z
    .int()
    .min(2)
    .default(200)
    .describe("Distinct other contexts (objects, volumes, records) below which it never alerts."),
  ratio: z
    .number()
    .min(1)
    .default(4)
    .describe("Times the expected number that must be exceeded as well."),
  tailProbability: z
    .number()
    .gt(0)
    .lt(0.5)
    .default(1e-6)
    .describe("How improbable the number must be."),
  objectsLearningDays: z
    .number()
    .min(0)
    .default(7)
    .describe(
      "Days of history before contexts other than secrets are judged; secrets are from the first hour.",
    ),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const SECRETS: Subject = { name: "secrets", period: "hour" };
const OBJECTS: Subject = { name: "objects", period: "hour" };
const ONLY_SECRETS = [SECRETS];
const ONLY_OBJECTS = [OBJECTS];
/** Secrets told apart within an hour; beyond it only those seen first count. */
const MOST_SECRETS = 4096;
const NEVER = Number.MAX_SAFE_INTEGER;

/** A principal decrypts many different things within an hour: secrets, parameters, objects. */
export const contextFanOut = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "context-fan-out",
  version: 3,
  title: "Context fan-out",
  entity: "principal",
  severity: "informational to critical",
  why: "A workload reads its own few secrets again and again. Whoever empties a secrets store reads each one once: the number of different encryption contexts tells the two apart.",
  falsePositives: [
    "A deployment tool refreshes every secret it manages.",
    "Hundreds of tasks of one role start at once, each with its own secret.",
  ],
  knownGaps: [
    "Thefts of fewer than the floor.",
    "Calls without an encryption context.",
    "A principal that created the same secrets within the hour and reads each once: told as set-up.",
  ],
  triage: [
    "List the secrets and parameters that were read: CloudTrail GetSecretValue and GetParameter of the same principal.",
    "Compare source address and user agent with the principal's usual ones.",
    "Rotate every secret that was read, most powerful first.",
    "Revoke the principal's sessions.",
  ],
  attack: [
    {
      technique: "T1555.006",
      name: "Credentials from Password Stores: Cloud Secrets Management Stores",
      tactic: "credential-access",
    },
    { technique: "T1530", name: "Data from Cloud Storage", tactic: "collection" },
  ],
  options: Options,

  accepts: (event) =>
    event.error === undefined &&
    event.context !== undefined &&
    (event.operation === "decrypt" || (isEncryption(event) && isSecret(event))),

  newBaseline: () => ({ secrets: newSeasonalRate(), objects: newSeasonalRate() }),
  newBucket: () => ({
    secrets: {},
    secretsMet: 0,
    secretsRead: 0,
    secretsReadAgain: 0,
    objects: [],
    objectReads: [],
    secretsEvidence: null,
    objectsEvidence: null,
  }),

  limits(baseline, hour, options) {
    const secretsExpected = expectHour(baseline.secrets, hour);
    const objectsExpected = expectHour(baseline.objects, hour);
    const limit = (floor: number, expected: HourExpectation): number =>
      Math.ceil(
        Math.max(
          floor,
          options.ratio * expected.mean,
          hourLimit(expected, options.tailProbability),
          1.5 * expected.peak,
        ),
      );
    return {
      secrets: limit(options.floorSecrets, secretsExpected),
      objects:
        objectsExpected.daysLearned < options.objectsLearningDays
          ? NEVER
          : limit(options.floorObjects, objectsExpected),
      secretsExpected,
      objectsExpected,
    };
  },

  add({ bucket, limits }, event) {
    if (event.context === undefined) return;
    const { fingerprint } = event.context;
    if (isSecret(event)) addSecret(bucket, event, fingerprint);
    else addObject(bucket, event, { fingerprint, isJudged: limits.objects !== NEVER });
  },

  subjects: (event) => (isSecret(event) ? ONLY_SECRETS : ONLY_OBJECTS),

  level({ bucket, limits }, subject) {
    if (subject === OBJECTS.name) {
      return limits.objects === NEVER ? -1 : levelOf(distinctCount(bucket.objects), limits.objects);
    }
    const level = levelOf(bucket.secretsRead, limits.secrets);
    return level >= 0 && bucket.secretsReadAgain >= limits.secrets ? level + 1 : level;
  },

  describe: (view, subject) =>
    subject === OBJECTS.name ? describeObjects(view) : describeSecrets(view),

  fold(baseline, hour, bucket, limits) {
    learnHour(baseline.secrets, hour, Math.min(bucket.secretsRead, limits.secrets));
    learnHour(baseline.objects, hour, Math.min(distinctCount(bucket.objects), limits.objects));
  },

  skip(baseline, from, to) {
    learnSilence(baseline.secrets, from, to);
    learnSilence(baseline.objects, from, to);
  },
});

function addSecret(bucket: Bucket, event: KmsEvent, fingerprint: string): void {
  let secret = bucket.secrets[fingerprint];
  if (secret === undefined) {
    if (bucket.secretsMet >= MOST_SECRETS) return;
    secret = [0, 0, HOUR_MS, 0];
    bucket.secrets[fingerprint] = secret;
    bucket.secretsMet += 1;
  }
  if (isEncryption(event)) {
    secret[1] += 1;
    return;
  }
  const offset = event.timeMs % HOUR_MS;
  secret[0] += 1;
  if (secret[0] === 1) bucket.secretsRead += 1;
  if (secret[0] === 2) bucket.secretsReadAgain += 1;
  secret[2] = Math.min(secret[2], offset);
  secret[3] = Math.max(secret[3], offset);
  bucket.secretsEvidence ??= newEvidence();
  addEvidence(bucket.secretsEvidence, event);
}

function addObject(
  bucket: Bucket,
  event: KmsEvent,
  { fingerprint, isJudged }: { fingerprint: string; isJudged: boolean },
): void {
  addDistinct(bucket.objects, fingerprint);
  if (!isJudged) return;
  countMinute(bucket.objectReads, event.timeMs);
  bucket.objectsEvidence ??= newEvidence();
  addEvidence(bucket.objectsEvidence, event);
}

function describeSecrets(view: View): Finding {
  const { hour, bucket, limits } = view;
  const read = Object.values(bucket.secrets).filter(([reads]) => reads > 0);
  // A read beyond those that a write of the same thing brings with it.
  const unexplained = read.filter(([reads, writes]) => reads > writes);
  const isExplained = unexplained.length < limits.secrets;
  const times = isExplained
    ? read.map(([, , first]) => first)
    : unexplained.map(([, , , last]) => last);
  times.sort((one, other) => one - other);
  const offset = times[Math.min(limits.secrets, times.length) - 1] ?? 0;
  const startMs = hour * HOUR_MS;
  const evidence = bucket.secretsEvidence ?? newEvidence();
  const name = callerName(evidence.principal);
  const expected = Math.round(limits.secretsExpected.mean * 10) / 10;
  return {
    title: isExplained ? "Many secrets set up" : "Many secrets read",
    summary: isExplained
      ? `${name} read ${read.length} different secrets or parameters in an hour, nearly all of them right after writing them.`
      : `${name} read ${read.length} different secrets or parameters in an hour, ${unexplained.length} beyond reading back its own writes; expected ${expected}, limit ${limits.secrets}.`,
    reasons: secretReasons(view, read.length, unexplained.length),
    eventTimeMs: startMs + offset,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: null,
    accountId: null,
    region: null,
    observed: {
      secretsPerHour: read.length,
      secretsReadBeyondOwnWritesPerHour: unexplained.length,
    },
    expected: { secretsPerHour: expected, secretsPerHourLimit: limits.secrets },
    baseline: baselineState(limits.secretsExpected.daysLearned, limits.secretsExpected.samples),
    evidence,
  };
}

function secretReasons({ limits }: View, read: number, unexplained: number): Reason[] {
  const reasons: Reason[] = [
    {
      code: "distinct-secrets",
      text: `${read} different secrets or parameters decrypted in the hour; limit ${limits.secrets}.`,
      points:
        56 + Math.min(32, Math.round(10 * Math.log2(Math.max(1, unexplained / limits.secrets)))),
    },
  ];
  if (unexplained < limits.secrets) {
    reasons.push({
      code: "own-writes",
      text: `${read - unexplained} of them were read only as often as the same principal wrote them in the hour: creating a secret reads it back.`,
      points: -38,
    });
    return reasons;
  }
  const { daysLearned, mean } = limits.secretsExpected;
  if (daysLearned >= 7 && read >= 10 * Math.max(1, mean)) {
    reasons.push({
      code: "own-history",
      text: `In ${Math.floor(daysLearned)} days the principal read about ${Math.round(mean * 10) / 10} at this hour.`,
      points: 14,
    });
  }
  return reasons;
}

function describeObjects({ hour, bucket, limits }: View): Finding {
  const count = distinctCount(bucket.objects);
  const evidence = bucket.objectsEvidence ?? newEvidence();
  const expected = Math.round(limits.objectsExpected.mean * 10) / 10;
  const startMs = hour * HOUR_MS;
  const name = callerName(evidence.principal);
  return {
    title: "Many different things decrypted",
    summary: `${name} decrypted about ${count} different things in an hour; expected ${expected}, limit ${limits.objects}.`,
    reasons: [
      {
        code: "distinct-contexts",
        text: `About ${count} different encryption contexts in the hour; expected ${expected}, limit ${limits.objects}.`,
        points: 34 + Math.min(40, Math.round(10 * Math.log2(Math.max(1, count / limits.objects)))),
      },
    ],
    // In the first minute by which as many reads as the limit had happened: the earliest that it can have been crossed.
    eventTimeMs: startMs + crossingSecond(bucket.objectReads, limits.objects - 1) * 1000,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: null,
    accountId: null,
    region: null,
    observed: { contextsPerHour: count },
    expected: { contextsPerHour: expected, contextsPerHourLimit: limits.objects },
    baseline: baselineState(limits.objectsExpected.daysLearned, limits.objectsExpected.samples),
    evidence,
  };
}
