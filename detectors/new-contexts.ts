import { z } from "zod";
import { dayOf, daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import {
  type ClosedSet,
  freshProbability,
  isClosed,
  isMember,
  meetAll,
  memberCount,
  NAME_LENGTH,
  newClosedSet,
  passDays,
} from "../src/baseline/closed-set.ts";
import { newFadingPeak } from "../src/baseline/fading-peak.ts";
import {
  addEvidence,
  baselineState,
  callerName,
  counted,
  dayAfterDayReasons,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  isDecryption,
  isEncryption,
  isSecret,
  type KmsEvent,
  learnNewOfDay,
  levelOf,
  moreThanEverReasons,
  mostOfDaysBefore,
  newEvidence,
  type NewOfDay,
  newOfDay,
  pointsOf,
  pointsOfSeveral,
  type Reason,
  soleKey,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline extends NewOfDay {
  reads: number;
  contexts: ClosedSet;
}

interface Bucket {
  reads: number;
  size: number;
  /** Context → when it was first read under a known key, where it is new; 0 where it is known. */
  met: Record<string, number>;
  /** Contexts that it encrypted under, whether any of them was new, and keys that it read with: whether they are. */
  written: Record<string, true>;
  keys: Record<string, boolean>;
  isWriter: boolean;
  /** Reads of objects in new buckets. */
  objects: number;
  human: boolean;
  /** Of reads of what is new; null before any. */
  evidence: Evidence | null;
}

interface Limits {
  /** Whether a set is being collected. */
  isClosed: boolean;
  isMature: boolean;
  days: number;
  reads: number;
  known: number;
  /** Probability that the next context of a day is new. */
  discovery: number;
  /** Most that was new on one of the days before. */
  mostOfDay: number;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of a principal's own history before what it reads is judged."),
  learningReads: z
    .int()
    .min(1)
    .default(20)
    .describe("Reads with a context before what a principal reads is judged."),
  minimumContexts: z
    .int()
    .min(1)
    .default(2)
    .describe("Contexts new to it on a day below which it never alerts."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const DAILY: Subject = { name: "", period: "day" };
const SUBJECTS = [DAILY];
/** Other calls raise no level. */
const NOTHING: readonly Subject[] = [];
/** Whoever meets new ones more often than so keeps to no set. */
const MOST_DISCOVERY = 0.25;
const SEVERAL_OBJECTS = 4;
/** What no more than on other days is worth at most: customers and data come in new every day. */
const MOST_POINTS_OF_PLAIN = 39;
/** So many on a day are many. */
const MANY = 8;
const MOST_MET = 1000;
const NEVER = Number.MAX_SAFE_INTEGER;
/** Keys are members of the same set, under names that begin as no fingerprint does. */
const KEY = "k";

/** A principal that reads what belongs to the same few tenants, files or tables for ever reads what belongs to others. */
export const newContexts = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "new-contexts",
  version: 3,
  title: "Contexts never read before",
  entity: "principal",
  learnsFingerprints: true,
  severity: "low to high",
  why: "The context says whose data it is. A workload that serves the same tenants, tables or files for weeks reads theirs; whoever walks through what its role may read meets one new context after another.",
  falsePositives: [
    "Several new customers or tables on one day.",
    "A release that names its contexts otherwise.",
  ],
  knownGaps: [
    "Principals that read ever new contexts anyway, as readers of single objects do.",
    "A single context that is new, but for a bucket, and those under a key that is new to the principal: see new-key.",
    "Callers of other organizations, who have no memory of their own.",
    "A thief who encrypts under new contexts too.",
    "Secrets and parameters, which new-secrets looks at.",
  ],
  triage: [
    "See what the contexts have in common: a tenant, a bucket, a table that is none of the principal's.",
    "Ask the principal's owner for new customers or a release of that day.",
    "If nobody claims it, revoke the principal's sessions.",
  ],
  attack: [
    { technique: "T1530", name: "Data from Cloud Storage", tactic: "collection" },
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
  ],
  options: Options,

  accepts: (event) =>
    event.error === undefined &&
    event.context !== undefined &&
    (isDecryption(event) || isEncryption(event)) &&
    !isSecret(event) &&
    !event.principal.service,
  newBaseline: () => ({
    reads: 0,
    mostOfDay: newFadingPeak(),
    contexts: newClosedSet(),
    day: -1,
    ofDay: [],
    newDays: [],
  }),
  newBucket: () => ({
    reads: 0,
    size: 0,
    met: {},
    written: {},
    keys: {},
    isWriter: false,
    objects: 0,
    human: false,
    evidence: null,
  }),

  limits(baseline, hour, options) {
    const { reads, contexts } = baseline;
    const days = daysSince(contexts.born, hour);
    const discovery = freshProbability(contexts);
    const isKnown = days >= options.learningDays && reads >= options.learningReads;
    return {
      isClosed: isClosed(contexts),
      isMature: isClosed(contexts) && isKnown && discovery <= MOST_DISCOVERY,
      days,
      reads,
      known: memberCount(contexts, KEY),
      discovery,
      mostOfDay: mostOfDaysBefore(baseline, hour),
    };
  },

  add(view, event) {
    const { bucket, limits } = view;
    const isRead = isDecryption(event);
    if (isRead) bucket.reads += 1;
    if (!limits.isClosed || event.context === undefined) return;
    const { fingerprint, place = fingerprint } = event.context;
    if (isRead) addRead(view, event, place, place !== fingerprint);
    else addWrite(view, place);
  },

  subjects: (event) => (isDecryption(event) ? SUBJECTS : NOTHING),

  level(view, _subject, { minimumContexts }) {
    if (view.bucket.evidence === null) return -1;
    const level = levelOf(newOfDay(view, newNames).length, minimumContexts);
    return isOtherBucket(view.bucket) ? Math.max(0, level) : level;
  },

  describe: describeHour,

  fold(baseline, hour, bucket) {
    baseline.reads += bucket.reads;
    learnNewOfDay(baseline, hour, newNames(bucket));
    const names = [...Object.keys(bucket.met), ...Object.keys(bucket.written)].map(nameOf);
    meetAll(baseline.contexts, hour, [...names, ...Object.keys(bucket.keys).map(nameOfKey)]);
  },
  skip: ({ contexts }, _from, to) => passDays(contexts, to - 1),
});

function addRead(view: View, event: KmsEvent, fingerprint: string, isObject: boolean): void {
  const { bucket } = view;
  const isNewKey = addKey(view, event.keys[0]?.arn ?? "");
  let firstMs = bucket.met[fingerprint];
  if (firstMs === undefined) {
    if (bucket.size >= MOST_MET) return;
    firstMs = isNew(view, nameOf(fingerprint)) ? NEVER : 0;
    bucket.met[fingerprint] = firstMs;
    bucket.size += 1;
  }
  // What a new key brings with it, new-key tells.
  if (firstMs === 0 || isNewKey) return;
  bucket.met[fingerprint] = Math.min(firstMs, event.timeMs);
  if (isObject) bucket.objects += 1;
  bucket.human ||= event.principal.human;
  bucket.evidence ??= newEvidence();
  addEvidence(bucket.evidence, event);
}

/** Notes a key; whether it is new. */
function addKey(view: View, arn: string): boolean {
  const { bucket } = view;
  let isNewKey = bucket.keys[arn];
  if (isNewKey === undefined) {
    isNewKey = isNew(view, nameOfKey(arn));
    if (bucket.size >= MOST_MET) return isNewKey;
    bucket.keys[arn] = isNewKey;
    bucket.size += 1;
  }
  return isNewKey;
}

function addWrite(view: View, fingerprint: string): void {
  const { bucket } = view;
  if (bucket.written[fingerprint] === true || bucket.size >= MOST_MET) return;
  bucket.written[fingerprint] = true;
  bucket.size += 1;
  bucket.isWriter ||= isNew(view, nameOf(fingerprint));
}

function nameOf(fingerprint: string): string {
  return fingerprint.slice(0, NAME_LENGTH);
}

function nameOfKey(arn: string): string {
  return `${KEY}${arn.slice(1 - NAME_LENGTH).padStart(NAME_LENGTH - 1, "-")}`;
}

function isNew({ limits, baseline, knownBy }: View, name: string): boolean {
  return limits.isMature && !isMember(baseline.contexts, name, knownBy);
}

/** Whether it read several objects where it never read any: one bucket holds what many contexts hold elsewhere. */
function isOtherBucket({ objects }: Bucket): boolean {
  return objects >= SEVERAL_OBJECTS;
}

/** Whether a context is new, and was read under a key that is not. */
function isFirstRead(firstMs: number | undefined): boolean {
  return firstMs !== undefined && firstMs > 0 && firstMs < NEVER;
}

function newNames({ met }: Bucket): string[] {
  return Object.keys(met)
    .filter((fingerprint) => isFirstRead(met[fingerprint]))
    .map(nameOf);
}

function describeHour(view: View, _subject: string, { minimumContexts }: Options): Finding {
  const { hour, bucket, limits } = view;
  const evidence = bucket.evidence ?? newEvidence();
  const ofDay = newOfDay(view, newNames).length;
  const firsts = Object.values(bucket.met)
    .filter(isFirstRead)
    .sort((one, other) => one - other);
  // Those of earlier hours count towards the minimum.
  const needed = Math.max(1, minimumContexts - (ofDay - firsts.length));
  const startMs = hour * HOUR_MS;
  return {
    title: "Contexts never read before",
    summary: `${callerName(evidence.principal)} decrypted under ${counted(ofDay, "context")} on one day that it had never met in ${Math.floor(limits.days)} days; it knows ${limits.known}.`,
    reasons: reasonsOf(view, ofDay),
    eventTimeMs: firsts[needed - 1] ?? firsts[0] ?? startMs,
    windowStartMs: dayOf(hour) * 24 * HOUR_MS,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: soleKey(evidence),
    accountId: null,
    region: null,
    observed: { newContextsOfDay: ofDay },
    expected: {
      newContextsOfDay: 0,
      knownContexts: limits.known,
      newContextProbability: Math.round(limits.discovery * 1000) / 1000,
    },
    baseline: baselineState(limits.days, limits.reads),
    evidence,
  };
}

function reasonsOf(view: View, ofDay: number): Reason[] {
  const { bucket, limits } = view;
  const reasons: Reason[] = [
    {
      code: "new-contexts",
      text: `${ofDay} of the day never met before; the next one is new with a chance of ${Math.round(limits.discovery * 1000) / 10} %.`,
      points: pointsOfSeveral(ofDay, limits.discovery, 6),
    },
    ...dayAfterDayReasons(view, newNames),
  ];
  if (isOtherBucket(bucket)) {
    const text = `${bucket.objects} reads in an hour of objects in buckets that it never touched.`;
    reasons.push({ code: "other-bucket", text, points: 12 });
  }
  if (!bucket.isWriter) reasons.push(...moreThanEverReasons(ofDay, limits.mostOfDay, MANY));
  else {
    const text =
      "It encrypts under contexts never met as well, as new features and customers make it.";
    reasons.push({ code: "writes-too", text, points: -20 });
  }
  if (bucket.human) {
    const text = "The principal is a person, who reads what a task needs.";
    reasons.push({ code: "person", text, points: -8 });
  }
  const isPlain = reasons.every(({ code }) => code !== "more-than-ever" && code !== "other-bucket");
  const beyond = pointsOf(reasons) - MOST_POINTS_OF_PLAIN;
  if (isPlain && beyond > 0) {
    const text = "No more of them than on some other days, and where it reads anyway.";
    reasons.push({ code: "as-on-other-days", text, points: -beyond });
  }
  return reasons;
}
