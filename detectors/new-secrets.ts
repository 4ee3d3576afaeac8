import { z } from "zod";
import { dayOf, daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import { newFadingPeak } from "../src/baseline/fading-peak.ts";
import {
  discoveryProbability,
  isKnown,
  type KnownSet,
  meet,
  newKnownSet,
  size,
} from "../src/baseline/known-set.ts";
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
  pointsOfSeveral,
  type Reason,
  soleKey,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline extends NewOfDay {
  born: number;
  reads: number;
  /** Secrets and parameters by the fingerprint of their context. */
  known: KnownSet;
  /** How likely something new was before the day being summed began. */
  discovery: number;
}

interface Bucket {
  reads: number;
  size: number;
  /** Fingerprint → its reads and writes. */
  met: Record<string, Use>;
  human: boolean;
  /** Of reads of what is new; null before any. */
  evidence: Evidence | null;
}

interface Use {
  reads: number;
  writes: number;
  firstMs: number;
  isNew: boolean;
}

interface Limits {
  isMature: boolean;
  days: number;
  reads: number;
  known: number;
  /** Probability that the next one read on a day is new. */
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
    .default(5)
    .describe("Reads of secrets before what a principal reads is judged."),
  minimumSecrets: z
    .int()
    .min(1)
    .default(2)
    .describe("Secrets or parameters new to it on a day below which it never alerts."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const DAILY: Subject = { name: "", period: "day" };
const SUBJECTS = [DAILY];
/** So many on a day are many. */
const MANY = 16;
const MOST_KNOWN = 200;
const MOST_MET = 1000;

/** A principal that reads the same few secrets and parameters for ever reads others. */
export const newSecrets = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "new-secrets",
  version: 5,
  title: "Secrets never read before",
  entity: "principal",
  learnsFingerprints: true,
  reliableFrom: 50,
  severity: "low to high",
  why: "A workload reads its own few secrets for months. A thief reads what the role may read, be it a handful in a day: far too few to show in any count.",
  falsePositives: [
    "A release that needs several secrets more.",
    "Secrets made anew under other names.",
  ],
  knownGaps: [
    "A single secret that is new: releases bring one now and then.",
    "Deployment tools, which read whatever is there.",
    "A secret that the same principal wrote within the hour.",
  ],
  triage: [
    "List the secrets: CloudTrail GetSecretValue and GetParameter of the same principal.",
    "Ask the principal's owner for a release of that day.",
    "If nobody claims it, rotate what was read and revoke the principal's sessions.",
  ],
  attack: [
    {
      technique: "T1555.006",
      name: "Credentials from Password Stores: Cloud Secrets Management Stores",
      tactic: "credential-access",
    },
  ],
  options: Options,

  accepts: (event) =>
    event.error === undefined &&
    (event.operation === "decrypt" || isEncryption(event)) &&
    isSecret(event),
  newBaseline: () => ({
    born: -1,
    reads: 0,
    known: newKnownSet(),
    day: -1,
    ofDay: [],
    newDays: [],
    discovery: 1,
    mostOfDay: newFadingPeak(),
  }),
  newBucket: () => ({ reads: 0, size: 0, met: {}, human: false, evidence: null }),

  limits(baseline, hour, options) {
    const { born, reads, known, day, discovery } = baseline;
    const days = daysSince(born, hour);
    const isToday = day === dayOf(hour);
    return {
      isMature: days >= options.learningDays && reads >= options.learningReads,
      days,
      reads,
      known: size(known),
      // What is new today does not make the next one of today more likely.
      discovery: isToday ? discovery : discoveryProbability(known),
      mostOfDay: mostOfDaysBefore(baseline, hour),
    };
  },

  add(view, event) {
    const { bucket, baseline, limits, knownBy } = view;
    const name = event.context?.fingerprint ?? "";
    let use = bucket.met[name];
    if (use === undefined) {
      if (bucket.size >= MOST_MET) return;
      const isNew = limits.isMature && !isKnown(baseline.known, name, knownBy);
      use = { reads: 0, writes: 0, firstMs: Number.MAX_SAFE_INTEGER, isNew };
      bucket.met[name] = use;
      bucket.size += 1;
    }
    if (event.operation === "decrypt") countRead(bucket, use, event);
    else use.writes += 1;
  },

  subjects: () => SUBJECTS,

  level: (view, _subject, { minimumSecrets }) =>
    view.bucket.evidence === null ? -1 : levelOf(newOfDay(view, newNames).length, minimumSecrets),

  describe: (view, _subject, options) => describeHour(view, options),

  fold(baseline, hour, bucket) {
    if (baseline.born < 0) baseline.born = hour;
    baseline.reads += bucket.reads;
    if (baseline.day !== dayOf(hour)) baseline.discovery = discoveryProbability(baseline.known);
    learnNewOfDay(baseline, hour, newNames(bucket));
    for (const name of Object.keys(bucket.met).sort()) {
      meet(baseline.known, name, hour, MOST_KNOWN);
    }
  },
  skip: () => {},
});

function countRead(bucket: Bucket, use: Use, event: KmsEvent): void {
  bucket.reads += 1;
  use.reads += 1;
  use.firstMs = Math.min(use.firstMs, event.timeMs);
  if (!use.isNew) return;
  bucket.human ||= event.principal.human;
  bucket.evidence ??= newEvidence();
  addEvidence(bucket.evidence, event);
}

function newNames({ met }: Bucket): string[] {
  return Object.keys(met).filter((name) => {
    const use = met[name];
    return use !== undefined && use.isNew && use.reads > 0;
  });
}

function describeHour(view: View, { minimumSecrets }: Options): Finding {
  const { hour, bucket, limits } = view;
  const evidence = bucket.evidence ?? newEvidence();
  const ofDay = newOfDay(view, newNames).length;
  const names = newNames(bucket);
  const firsts = names.map((name) => bucket.met[name]?.firstMs ?? 0).sort((a, b) => a - b);
  // Those of earlier hours count towards the minimum.
  const needed = Math.max(1, minimumSecrets - (ofDay - names.length));
  const startMs = hour * HOUR_MS;
  return {
    title: "Secrets never read before",
    summary: `${callerName(evidence.principal)} read ${counted(ofDay, "secret")} on one day that it had never read in ${Math.floor(limits.days)} days; it knows ${limits.known}.`,
    reasons: reasonsOf(view, ofDay),
    eventTimeMs: firsts[needed - 1] ?? firsts[0] ?? startMs,
    windowStartMs: dayOf(hour) * 24 * HOUR_MS,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: soleKey(evidence),
    accountId: null,
    region: null,
    observed: { newSecretsOfDay: ofDay },
    expected: {
      newSecretsOfDay: 0,
      knownSecrets: limits.known,
      newSecretProbability: Math.round(limits.discovery * 1000) / 1000,
    },
    baseline: baselineState(limits.days, limits.reads),
    evidence,
  };
}

function reasonsOf(view: View, ofDay: number): Reason[] {
  const { bucket, limits } = view;
  const reasons: Reason[] = [
    {
      code: "new-secrets",
      text: `${ofDay} of the day never read before; the next one is new with a chance of ${Math.round(limits.discovery * 1000) / 10} %.`,
      points: 2 + pointsOfSeveral(ofDay, limits.discovery, 6),
    },
    ...dayAfterDayReasons(view, newNames),
    ...moreThanEverReasons(ofDay, limits.mostOfDay, MANY),
  ];
  if (own(bucket)) {
    const text = "It wrote what it read: creating a secret reads it back.";
    reasons.push({ code: "own-writes", text, points: -30 });
  }
  if (bucket.human) {
    const text = "The principal is a person, who reads what a task needs.";
    reasons.push({ code: "person", text, points: -8 });
  }
  return reasons;
}

/** Whether all that is new in the hour was written in it as well. */
function own(bucket: Bucket): boolean {
  return newNames(bucket).every((name) => (bucket.met[name]?.writes ?? 0) > 0);
}
