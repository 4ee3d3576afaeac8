import { z } from "zod";
import { daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import {
  addDistinct,
  distinctCount,
  type DistinctSketch,
} from "../src/baseline/distinct-sketch.ts";
import { isKnown, type KnownSet, meet, newKnownSet } from "../src/baseline/known-set.ts";
import {
  addEvidence,
  baselineState,
  callerName,
  counted,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  isEncryption,
  keyOf,
  type KmsEvent,
  levelOf,
  newEvidence,
  type Reason,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  /** Successful encrypting calls so far. */
  calls: number;
  keys: KnownSet;
}

interface Bucket {
  calls: number;
  /** By key; null for those that the principal encrypts under anyway. */
  writings: Record<string, Writing | null>;
}

interface Writing {
  key: string;
  firstMs: number;
  contexts: DistinctSketch;
  withoutContext: number;
  /** Whether S3 objects or EBS volumes were written. */
  storage: boolean;
  evidence: Evidence;
}

interface Limits {
  days: number;
  calls: number;
}

const Options = z.strictObject({
  foreignContexts: z
    .int()
    .min(1)
    .default(10)
    .describe("Distinct things encrypted under a foreign key from which on it alerts."),
  ownContexts: z
    .int()
    .min(1)
    .default(50)
    .describe("Distinct objects or volumes encrypted under an own key new to the principal."),
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of a principal's own encrypting before an own key counts as new."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const MOST_KEYS = 300;
const MOST_IN_HOUR = 100;
const STORAGE = new Set(["aws:s3:arn", "aws:ebs:id"]);
const NOTHING: readonly Subject[] = [];

/** A principal writes much under a key that is foreign, or new to it. */
export const foreignEncryption = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "foreign-encryption",
  version: 1,
  title: "Bulk encryption under a foreign key",
  entity: "principal",
  severity: "low to critical",
  why: "Ransom without malware: objects are read and written again under a key of the intruder's account. The data keys for it show in KMS events, without any S3 data event.",
  falsePositives: [
    "A vendor's account that nobody has listed as approved yet.",
    "A migration to a new key, which stays low.",
  ],
  knownGaps: [
    "Own keys whose policy was handed to an intruder before: see policy-change.",
    "A bucket key, which needs one data key for many objects.",
  ],
  triage: [
    "Stop the role's sessions at once, then find the bucket or volume by the encryption context in CloudTrail.",
    "Find out who controls the key: account, policy, grants.",
    "Check that older object versions and snapshots exist, and that they are under keys of yours.",
  ],
  attack: [{ technique: "T1486", name: "Data Encrypted for Impact", tactic: "impact" }],
  options: Options,
  grave: true,

  accepts: (event) => event.error === undefined && isEncryption(event),

  newBaseline: () => ({ born: -1, calls: 0, keys: newKnownSet() }),
  newBucket: () => ({ calls: 0, writings: {} }),
  limits: (baseline, hour) => ({
    days: daysSince(baseline.born, hour),
    calls: baseline.calls,
  }),

  add(view, event) {
    view.bucket.calls += 1;
    const name = nameOf(event);
    if (name !== undefined) addWriting(view, name, event);
  },

  subjects(event) {
    const name = nameOf(event);
    return name === undefined ? NOTHING : [{ name, period: "once" }];
  },

  level(view, subject, options) {
    const writing = view.bucket.writings[subject];
    if (!writing || isKnown(view.baseline.keys, subject, view.knownBy)) return -1;
    if (isForeign(view, writing)) return levelOf(thingsOf(writing), options.foreignContexts);
    if (!writing.storage || view.limits.days < options.learningDays) return -1;
    return levelOf(thingsOf(writing), options.ownContexts);
  },

  describe: describeWriting,

  fold(baseline, hour, bucket) {
    if (baseline.born < 0) baseline.born = hour;
    baseline.calls += bucket.calls;
    for (const name of Object.keys(bucket.writings).sort()) {
      meet(baseline.keys, name, hour, MOST_KEYS);
    }
  },
  skip: () => {},
});

/** Name of the key that was written under; prefixed, since it may be anybody's text. */
function nameOf({ keys: [key] }: KmsEvent): string | undefined {
  return key === undefined ? undefined : `k:${key.arn}`;
}

function addWriting({ bucket, baseline, knownBy }: View, name: string, event: KmsEvent): void {
  let writing = bucket.writings[name];
  if (writing === undefined) {
    if (Object.keys(bucket.writings).length >= MOST_IN_HOUR) return;
    writing = isKnown(baseline.keys, name, knownBy) ? null : newWriting(event);
    bucket.writings[name] = writing;
  }
  if (writing === null) return;
  writing.firstMs = Math.min(writing.firstMs, event.timeMs);
  if (event.context === undefined) writing.withoutContext += 1;
  else addDistinct(writing.contexts, event.context.fingerprint);
  writing.storage ||= event.context?.keys.some((one) => STORAGE.has(one)) === true;
  addEvidence(writing.evidence, event);
}

function newWriting(event: KmsEvent): Writing {
  return {
    key: event.keys[0]?.arn ?? "",
    firstMs: event.timeMs,
    contexts: [],
    withoutContext: 0,
    storage: false,
    evidence: newEvidence(),
  };
}

function thingsOf({ contexts, withoutContext }: Writing): number {
  return distinctCount(contexts) + withoutContext;
}

function isForeign({ organization, knownBy, entity }: View, { key, firstMs }: Writing): boolean {
  const { accountId } = keyOf(key);
  // Whose the principal is stands in its own ARN.
  if (accountId === "" || entity.includes(`:${accountId}:`)) return false;
  return !organization.isOurs(accountId, knownBy) && !organization.isApproved(accountId, firstMs);
}

function describeWriting(view: View, subject: string): Finding {
  const { hour, bucket, limits, entity } = view;
  const writing = bucket.writings[subject];
  if (!writing) throw new Error(`foreign-encryption: no ${subject} in ${entity}`);
  const { evidence } = writing;
  const key = keyOf(writing.key);
  const foreign = isForeign(view, writing);
  const things = thingsOf(writing);
  const startMs = hour * HOUR_MS;
  const whose = foreign ? `account ${key.accountId}, which is not ours` : "ours that is new to it";
  return {
    title: foreign ? "Data encrypted under a foreign key" : "Data encrypted under a new key",
    summary: `${callerName(evidence.principal)} encrypted about ${counted(things, "thing")} within an hour under a key of ${whose}.`,
    reasons: foreign ? foreignReasons(writing, things) : ownReasons(things),
    eventTimeMs: writing.firstMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key,
    accountId: null,
    region: null,
    observed: { encryptions: evidence.count, distinctContexts: things, keyAccount: key.accountId },
    expected: { encryptions: 0, distinctContexts: 0, keysBefore: knownBefore(view) },
    baseline: baselineState(limits.days, limits.calls),
    evidence,
  };
}

function knownBefore({ baseline, knownBy }: View): number {
  return Object.values(baseline.keys.members).filter(([since]) => since <= knownBy).length;
}

function foreignReasons({ storage }: Writing, things: number): Reason[] {
  const reasons: Reason[] = [
    {
      code: "foreign-key",
      text: "The key belongs to an account that is neither ours nor approved, and is new to the principal.",
      points: 66,
    },
  ];
  if (storage) {
    reasons.push({ code: "stored-data", text: "Objects or volumes were written.", points: 12 });
  }
  if (things >= 50) {
    reasons.push({
      code: "many-contexts",
      text: `About ${things} different encryption contexts within the hour.`,
      points: 16,
    });
  }
  return reasons;
}

function ownReasons(things: number): Reason[] {
  return [
    {
      code: "new-key",
      text: `The principal never encrypted under this key; about ${things} objects or volumes within the hour.`,
      points: 26,
    },
  ];
}
