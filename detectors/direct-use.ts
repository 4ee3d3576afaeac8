import { z } from "zod";
import { daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import {
  countIndirect,
  daysOf,
  type IndirectUse,
  isIndirect,
  learnDirect,
  learnIndirect,
} from "../src/baseline/indirect-use.ts";
import {
  addEvidence,
  baselineState,
  callerName,
  counted,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  isCryptographic,
  isEncryption,
  type KmsEvent,
  newEvidence,
  type Reason,
  soleKey,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  /** Cryptographic calls through services. */
  serviceCalls: number;
  /** Whether it ever made one directly. */
  isDirect: boolean;
  /** By the last characters of their ARN. */
  keysByServices: IndirectUse;
}

interface Bucket {
  serviceCalls: number;
  isDirect: boolean;
  size: number;
  /** ARNs of keys reached through services, and of those used directly: whether that is new. */
  served: Record<string, true>;
  direct: Record<string, boolean>;
  /** Direct calls that are new and were not refused, and whether one of them encrypted. */
  granted: number;
  writes: boolean;
  human: boolean;
  /** Of direct calls that are new; null before any. */
  evidence: Evidence | null;
  firstMs: number;
}

interface Limits {
  days: number;
  serviceCalls: number;
  /** Whether the principal, known for long, came through services alone. */
  isNeverDirect: boolean;
  /** Keys that it reached through services, and how many of them it came to use directly. */
  keys: number;
  turnedKeys: number;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days for which a key, or all keys, must have been reached through services alone."),
  learningHours: z
    .int()
    .min(1)
    .default(15)
    .describe("Hours in which a key must have been reached through services."),
  serviceCalls: z
    .int()
    .min(1)
    .default(100)
    .describe("Calls through services alone after which the first direct call on any key is new."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const DAILY: Subject = { name: "", period: "day" };
const SUBJECTS = [DAILY];
/** Refused calls that are no try, but a broken release. */
const AGAIN_AND_AGAIN = 5;
/** Calls through services raise no level. */
const NOTHING: readonly Subject[] = [];
/** Keys told apart within one hour. */
const MOST_KEYS = 60;
/** Characters of an ARN that are remembered: 24 bits of a key's id. */
const NAME_LENGTH = 6;
/** A key that was never used at all is mostly a new feature's. */
const MOST_POINTS_ELSEWHERE = 26;

/** A principal calls KMS itself on a key that it only ever came to through a service, or for the first time at all. */
export const directUse = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "direct-use",
  version: 2,
  title: "Direct use by one who came through services",
  entity: "principal",
  reliableFrom: 50,
  severity: "informational to high",
  why: "Secrets, parameters and objects are decrypted by the service that keeps them, which names the reader and asks for each one. Whoever has the ciphertext and stolen credentials asks KMS directly.",
  falsePositives: [
    "A release that encrypts on its own side what a service encrypted before.",
    "A person who tries a key by hand.",
  ],
  knownGaps: [
    "A thief who goes through the same service.",
    "Keys that the principal uses directly as well.",
    "More than sixty keys reached through services: those beyond are not remembered.",
  ],
  triage: [
    "Ask the principal's owner for a release that calls KMS itself.",
    "See how the ciphertext was come by: what the same access key read in S3, Secrets Manager or Systems Manager.",
    "Compare address and client of the direct calls with those of the workload.",
    "If nobody claims it, revoke the principal's sessions, and let the key's policy ask for kms:ViaService.",
  ],
  attack: [
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
    { technique: "T1530", name: "Data from Cloud Storage", tactic: "collection" },
  ],
  options: Options,

  // Refused calls count too: the first thing that a thief does is to try.
  accepts: isCryptographic,
  newBaseline: () => ({ born: -1, serviceCalls: 0, isDirect: false, keysByServices: {} }),
  newBucket: () => ({
    serviceCalls: 0,
    isDirect: false,
    size: 0,
    served: {},
    direct: {},
    granted: 0,
    writes: false,
    human: false,
    evidence: null,
    firstMs: 0,
  }),

  limits({ born, serviceCalls, isDirect, keysByServices }, hour, options) {
    const days = daysSince(born, hour);
    const { settled, turned } = countIndirect(keysByServices);
    return {
      days,
      serviceCalls,
      isNeverDirect:
        !isDirect && serviceCalls >= options.serviceCalls && days >= options.learningDays,
      keys: settled,
      turnedKeys: turned,
    };
  },

  add(view, event, options) {
    const { bucket, limits } = view;
    if (event.principal.via !== undefined) {
      bucket.serviceCalls += 1;
      for (const { arn } of event.keys) noteServed(bucket, arn);
      return;
    }
    bucket.isDirect = true;
    let isNew = limits.isNeverDirect;
    for (const { arn } of event.keys) isNew = noteDirect(view, arn, options) || isNew;
    if (isNew) noteNew(bucket, event);
  },

  subjects: (event) => (event.principal.via === undefined ? SUBJECTS : NOTHING),

  level({ bucket }) {
    if (bucket.evidence === null) return -1;
    return extentOf(bucket) + (newlyUsed(bucket).length > 0 ? 1 : 0);
  },

  describe: describeHour,

  fold(baseline, hour, bucket, _limits, { learningHours }) {
    if (baseline.born < 0) baseline.born = hour;
    baseline.serviceCalls += bucket.serviceCalls;
    baseline.isDirect ||= bucket.isDirect;
    const { keysByServices } = baseline;
    for (const arn of Object.keys(bucket.served).sort()) {
      learnIndirect(keysByServices, nameOf(arn), hour, learningHours);
    }
    for (const arn of Object.keys(bucket.direct)) learnDirect(keysByServices, nameOf(arn), hour);
  },
  skip: () => {},
});

function noteServed(bucket: Bucket, arn: string): void {
  if (bucket.served[arn] !== true && hasRoom(bucket, arn)) bucket.served[arn] = true;
}

/** Notes a key that is used directly; true where that is new. */
function noteDirect(view: View, arn: string, { learningDays }: Options): boolean {
  const { bucket, baseline, hour, knownBy } = view;
  let isNew = bucket.direct[arn];
  if (isNew === undefined) {
    if (!hasRoom(bucket, arn)) return false;
    isNew = isIndirect(baseline.keysByServices, nameOf(arn), { hour, knownBy, days: learningDays });
    bucket.direct[arn] = isNew;
  }
  return isNew;
}

function hasRoom(bucket: Bucket, arn: string): boolean {
  if (bucket.size >= MOST_KEYS || !arn.includes(":key/")) return false;
  bucket.size += 1;
  return true;
}

function nameOf(arn: string): string {
  return arn.slice(-NAME_LENGTH);
}

function noteNew(bucket: Bucket, event: KmsEvent): void {
  if (bucket.evidence === null || event.timeMs < bucket.firstMs) bucket.firstMs = event.timeMs;
  bucket.human ||= event.principal.human;
  if (event.error === undefined) {
    bucket.granted += 1;
    bucket.writes ||= isEncryption(event);
  }
  bucket.evidence ??= newEvidence();
  addEvidence(bucket.evidence, event);
}

/** Keys used directly that were reached through services alone. */
function newlyUsed({ direct }: Bucket): string[] {
  return Object.keys(direct).filter((arn) => direct[arn]);
}

/** How much was done: 0 for a few calls, 1 from ten, 2 from fifty on. */
function extentOf({ granted }: Bucket): number {
  if (granted < 10) return 0;
  return granted < 50 ? 1 : 2;
}

function describeHour(view: View): Finding {
  const { hour, bucket, limits } = view;
  const evidence = bucket.evidence ?? newEvidence();
  const keys = newlyUsed(bucket);
  const isKnownKey = keys.length > 0;
  const what = isKnownKey
    ? `on ${counted(keys.length, "key")} that it only ever reached through services`
    : "for the first time";
  const startMs = hour * HOUR_MS;
  return {
    title: isKnownKey
      ? "Direct use of a key reached through services"
      : "Direct use by one who came through services",
    summary: `${callerName(evidence.principal)} called KMS itself ${what}: ${counted(evidence.count, "call")} in an hour, after ${limits.serviceCalls} calls through services.`,
    reasons: reasonsOf(view, keys),
    eventTimeMs: bucket.firstMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: soleKey(evidence),
    accountId: null,
    region: null,
    observed: { callsPerHour: evidence.count, newlyDirectKeys: keys.length },
    expected: { callsPerHour: 0, newlyDirectKeys: 0, keysByServices: limits.keys },
    baseline: baselineState(limits.days, limits.serviceCalls),
    evidence,
  };
}

function reasonsOf(view: View, keys: readonly string[]): Reason[] {
  const { bucket, limits } = view;
  const { human, writes } = bucket;
  const isKnownKey = keys.length > 0;
  const reasons: Reason[] = [isKnownKey ? ofKeys(view, keys) : ofCaller(limits)];
  if (isKnownKey && limits.isNeverDirect && !human) {
    const text = `It never called KMS itself, in ${limits.serviceCalls} calls through services.`;
    reasons.push({ code: "never-direct", text, points: 12 });
  }
  const extent = extentOf(bucket);
  if (extent > 0) {
    const text = `${bucket.granted} such calls in an hour: more than a try.`;
    reasons.push({ code: "many-calls", text, points: 5 * extent });
  }
  if (bucket.granted === 0 && (bucket.evidence?.count ?? 0) >= AGAIN_AND_AGAIN) {
    const text = "Refused again and again, as what is deployed without its rights is.";
    reasons.push({ code: "refused", text, points: -14 });
  } else if (!writes && !human) {
    // A new feature writes what it reads.
    const text = "A workload's calls of that kind encrypted nothing.";
    reasons.push({ code: "reads-only", text, points: 8 });
  }
  if (isKnownKey && limits.turnedKeys > 0) {
    const text = `It came to use ${counted(limits.turnedKeys, "key")} directly before.`;
    reasons.push({ code: "turned-before", text, points: -8 });
  }
  if (human) {
    const text = "The principal is a person, who tries things by hand.";
    reasons.push({ code: "person", text, points: -10 });
  }
  return reasons;
}

/** By how long they were reached so: 32 after two weeks, 38 after six. */
function ofKeys({ baseline, hour }: View, keys: readonly string[]): Reason {
  const days = Math.max(...keys.map((arn) => daysOf(baseline.keysByServices, nameOf(arn), hour)));
  const points = Math.round(Math.min(38, 18 + 3.7 * Math.log2(Math.max(1, days))));
  const text = `${counted(keys.length, "key")} used directly, reached through services alone for ${counted(Math.floor(days), "day")}.`;
  return { code: "direct", text, points };
}

function ofCaller({ serviceCalls }: Limits): Reason {
  const points = Math.round(Math.min(MOST_POINTS_ELSEWHERE, 8 + 6 * Math.log10(serviceCalls)));
  const text = `Called KMS itself after ${serviceCalls} calls through services alone.`;
  return { code: "first-direct", text, points };
}
