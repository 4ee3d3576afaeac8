import { z } from "zod";
import { HOUR_MS } from "../src/baseline/calendar.ts";
import {
  discoveryProbability,
  isKnown,
  type KnownSet,
  meet,
  newKnownSet,
  size,
  surpriseBits,
} from "../src/baseline/known-set.ts";
import { type FadingPeak, newFadingPeak, peakAt, raisePeak } from "../src/baseline/fading-peak.ts";
import { countMinute, crossingSecond, type MinuteCounts } from "../src/baseline/minute-counts.ts";
import {
  expectHour,
  type HourExpectation,
  hourLimit,
  learnHour,
  learnSilence,
  lullAt,
  lullLimit,
  newSeasonalRate,
  type SeasonalRate,
} from "../src/baseline/seasonal-rate.ts";
import {
  addEvidence,
  baselineState,
  callerName,
  counted,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  keyOf,
  type KmsEvent,
  levelOf,
  newEvidence,
  type Reason,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  rate: SeasonalRate;
  signatures: number;
  signers: KnownSet;
  families: KnownSet;
  /** How the key signed: algorithm and kind of message. */
  methods: KnownSet;
  /** Largest count of an hour that is quiet in a steady week. */
  quietPeak: FadingPeak;
}

interface Bucket {
  count: number;
  signers: Record<string, Signer>;
  methods: Record<string, Method>;
  evidence: Evidence;
  minutes: MinuteCounts;
}

interface Signer {
  count: number;
  /** Signatures of them by a new method. */
  byNewMethod: number;
  firstMs: number;
  family: string;
  human: boolean;
  /** Null for those who are known. */
  evidence: Evidence | null;
}

interface Method {
  /** Signatures by those who signed before. */
  count: number;
  firstMs: number;
  /** Null for one that is known. */
  evidence: Evidence | null;
}

interface Limits {
  days: number;
  signatures: number;
  signers: number;
  mean: number;
  /** Signatures an hour from which on it is a spike; 0 while learning. */
  spike: number;
  /** Whether the spike is one of an hour that is quiet in a steady week. */
  isQuiet: boolean;
  /** Probability that the next signer, and the next method, is new; 0 while learning. */
  discovery: number;
  newMethod: number;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of a key's own history before a signer or a spike is judged."),
  learningSignatures: z
    .int()
    .min(1)
    .default(20)
    .describe("Signatures by the key before a new signer is judged."),
  floorPerHour: z.int().min(1).default(10).describe("Never call fewer signatures an hour a spike."),
  ratio: z
    .number()
    .min(1)
    .default(3)
    .describe("Times the expected number of signatures that a spike must exceed as well."),
  tailProbability: z
    .number()
    .gt(0)
    .lt(0.5)
    .default(1e-6)
    .describe("How improbable a spike must be."),
  floorPerQuietHour: z
    .int()
    .min(1)
    .default(6)
    .describe("Signatures that a spike must exceed in an hour that is usually quiet."),
  quietTailProbability: z
    .number()
    .min(1e-9)
    .lt(0.5)
    .default(1e-5)
    .describe("How improbable such a spike must be."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const SPIKE: Subject = { name: "spike", period: "hour" };
const METHOD = "method ";
const MOST_KNOWN = 200;
const MOST_SIGNERS = 200;
const MOST_METHODS = 20;
/** An hour is quiet where it expects less than this share of what a busy one does … */
const QUIET_SHARE = 0.25;
/** … of a key that signs so much in its busy hours, and so steadily, that its quiet ones mean something. */
const LEAST_BUSY = 3;
const MOST_DISPERSION = 0.6;
/** Days after which each hour of the week was met. */
const WEEK_DAYS = 7;
const SIGNING = new Set(["Sign", "GenerateMac", "DeriveSharedSecret"]);

/** Somebody signs with a key with which only others did, far more is signed than usual at the hour, or in another way than ever. */
export const newSigner = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "new-signer",
  version: 3,
  title: "New signer",
  entity: "key",
  reliableFrom: 46,
  severity: "low to high",
  why: "Whoever may sign can forge what others trust: tokens, documents, software. Signing keys have very few users, who keep to their hours and to one way of signing.",
  falsePositives: [
    "A new version of the service signs under a new role, or by another algorithm.",
    "A day of releases, or work made up for at night.",
  ],
  knownGaps: [
    "Keys younger than the learning days.",
    "A forger inside the service that signs anyway, at its usual volume and hours and in its usual way.",
    "Few signatures at a strange hour with a key that signs in bursts, as build jobs do.",
  ],
  triage: [
    "Ask the owner of the key whether the signer is expected.",
    "Find what was signed: tokens and artefacts of that hour that nobody issued.",
    "If it is not expected, disable the key's use, and revoke what trusts its signatures.",
  ],
  attack: [
    { technique: "T1606", name: "Forge Web Credentials", tactic: "credential-access" },
    {
      technique: "T1553.002",
      name: "Subvert Trust Controls: Code Signing",
      tactic: "defense-evasion",
    },
  ],
  options: Options,

  accepts: ({ name, error, principal }) =>
    SIGNING.has(name) && error === undefined && !principal.service,
  newBaseline: () => ({
    rate: newSeasonalRate(),
    signatures: 0,
    signers: newKnownSet(),
    families: newKnownSet(),
    methods: newKnownSet(),
    quietPeak: newFadingPeak(),
  }),
  newBucket: () => ({ count: 0, signers: {}, methods: {}, evidence: newEvidence(), minutes: [] }),

  limits(baseline, hour, options) {
    const expectation = expectHour(baseline.rate, hour);
    const { daysLearned, mean } = expectation;
    const isLearning = daysLearned < options.learningDays;
    const isJudged = !isLearning && baseline.signatures >= options.learningSignatures;
    const quiet = quietLimit(baseline, hour, expectation, options);
    const spike = Math.min(usualLimit(expectation, options), quiet);
    return {
      days: daysLearned,
      signatures: baseline.signatures,
      signers: size(baseline.signers),
      mean,
      spike: isLearning ? 0 : spike,
      isQuiet: spike === quiet,
      discovery: isJudged ? discoveryProbability(baseline.signers) : 0,
      // Records without an algorithm teach none.
      newMethod:
        isJudged && size(baseline.methods) > 0 ? discoveryProbability(baseline.methods) : 0,
    };
  },

  add({ bucket, baseline, limits, knownBy }, event) {
    bucket.count += 1;
    addEvidence(bucket.evidence, event);
    countMinute(bucket.minutes, event.timeMs);
    const name = event.principal.entity;
    const isNewMethod = countMethod({ bucket, baseline, limits, knownBy }, event);
    let signer = bucket.signers[name];
    if (signer === undefined) {
      if (Object.keys(bucket.signers).length >= MOST_SIGNERS) return;
      const isJudged = limits.discovery > 0 && !isKnown(baseline.signers, name, knownBy);
      signer = newSignerOf(event, isJudged);
      bucket.signers[name] = signer;
    }
    signer.count += 1;
    if (isNewMethod) signer.byNewMethod += 1;
    signer.firstMs = Math.min(signer.firstMs, event.timeMs);
    if (signer.evidence !== null) addEvidence(signer.evidence, event);
  },

  subjects({ principal, signing }) {
    const signer: Subject = { name: `signer ${principal.entity}`, period: "once" };
    return signing === undefined
      ? [SPIKE, signer]
      : [SPIKE, signer, { name: METHOD + signing, period: "once" }];
  },

  level({ bucket, baseline, limits, knownBy }, subject) {
    if (subject === SPIKE.name)
      return limits.spike === 0 ? -1 : levelOf(bucket.count, limits.spike);
    if (subject.startsWith(METHOD)) {
      const method = bucket.methods[subject.slice(METHOD.length)];
      // Of somebody new it is told with the signer.
      return method?.evidence ? levelOf(method.count, 1) : -1;
    }
    const name = subject.slice("signer ".length);
    if (limits.discovery === 0 || isKnown(baseline.signers, name, knownBy)) return -1;
    return levelOf(bucket.signers[name]?.count ?? 0, 1);
  },

  describe(view, subject) {
    if (subject === SPIKE.name) return describeSpike(view);
    return subject.startsWith(METHOD)
      ? describeMethod(view, subject.slice(METHOD.length))
      : describeSigner(view, subject.slice("signer ".length));
  },

  fold(baseline, hour, bucket, limits) {
    baseline.signatures += bucket.count;
    const hasAlarmed = limits.spike > 0 && bucket.count >= limits.spike;
    const learned = hasAlarmed
      ? Math.min(bucket.count, Math.round(2 * limits.mean) + 5)
      : bucket.count;
    learnHour(baseline.rate, hour, learned);
    if (limits.isQuiet) raisePeak(baseline.quietPeak, hour, learned);
    for (const name of Object.keys(bucket.signers).sort()) {
      meet(baseline.signers, name, hour, MOST_KNOWN);
      meet(baseline.families, bucket.signers[name]?.family ?? "", hour, MOST_KNOWN);
    }
    for (const name of Object.keys(bucket.methods).sort()) {
      meet(baseline.methods, name, hour, MOST_METHODS);
    }
  },
  skip: (baseline, from, to) => learnSilence(baseline.rate, from, to),
});

/** Signatures an hour from which on it is a spike, whatever the hour. */
function usualLimit(expectation: HourExpectation, options: Options): number {
  const improbable = hourLimit(expectation, options.tailProbability);
  const { mean, peak } = expectation;
  const most = Math.max(options.floorPerHour, options.ratio * mean, improbable, 1.5 * peak);
  return Math.ceil(most) + 1;
}

/**
 * The same of an hour that is far quieter than the busy ones: what they hold explains nothing there, only what quiet hours held before.
 * Infinite where the hour is not quiet, or the key not steady.
 */
function quietLimit(
  { rate, quietPeak }: Baseline,
  hour: number,
  expectation: HourExpectation,
  options: Options,
): number {
  const { daysLearned, dispersion } = expectation;
  if (daysLearned < WEEK_DAYS || dispersion > MOST_DISPERSION) return Number.POSITIVE_INFINITY;
  const lull = lullAt(rate, hour);
  if (lull.busy < LEAST_BUSY || lull.mean >= QUIET_SHARE * lull.busy)
    return Number.POSITIVE_INFINITY;
  const improbable = lullLimit(lull, expectation, options.quietTailProbability);
  const usual = Math.max(options.ratio * lull.mean, peakAt(quietPeak, hour));
  return Math.floor(Math.max(options.floorPerQuietHour, usual, improbable)) + 1;
}

/** Counts how the event was signed, and says whether the key never signed like that. */
function countMethod(
  { bucket, baseline, limits, knownBy }: Pick<View, "bucket" | "baseline" | "limits" | "knownBy">,
  event: KmsEvent,
): boolean {
  const { signing, timeMs, principal } = event;
  if (signing === undefined) return false;
  let method = bucket.methods[signing];
  if (method === undefined) {
    if (Object.keys(bucket.methods).length >= MOST_METHODS) return false;
    const isJudged = limits.newMethod > 0 && !isKnown(baseline.methods, signing, knownBy);
    method = { count: 0, firstMs: timeMs, evidence: isJudged ? newEvidence() : null };
    bucket.methods[signing] = method;
  }
  if (method.evidence === null) return false;
  if (isKnown(baseline.signers, principal.entity, knownBy)) {
    method.firstMs = method.count === 0 ? timeMs : Math.min(method.firstMs, timeMs);
    method.count += 1;
    addEvidence(method.evidence, event);
  }
  return true;
}

function newSignerOf(event: KmsEvent, isJudged: boolean): Signer {
  const { accountId, family, human } = event.principal;
  return {
    count: 0,
    byNewMethod: 0,
    firstMs: event.timeMs,
    family: `${accountId ?? ""}/${family}`,
    human,
    evidence: isJudged ? newEvidence() : null,
  };
}

function describeSigner(view: View, name: string): Finding {
  const { bucket, limits } = view;
  const signer = bucket.signers[name];
  const evidence = signer?.evidence ?? newEvidence();
  const count = signer?.count ?? 0;
  const who = callerName(evidence.principal, name);
  return {
    ...common(view, evidence),
    title: "New signer of a key",
    summary: `${who} signed with a key for the first time: ${counted(count, "signature")}. ${counted(limits.signers, "signer")} made ${limits.signatures} in ${Math.floor(limits.days)} days.`,
    reasons: signer === undefined ? [] : signerReasons(view, signer),
    eventTimeMs: signer?.firstMs ?? view.hour * HOUR_MS,
    observed: { signaturesPerHour: count, firstSeen: true },
    expected: { signaturesPerHour: 0, firstSeen: false, knownSigners: limits.signers },
  };
}

function signerReasons({ baseline, limits, knownBy }: View, signer: Signer): Reason[] {
  const reasons: Reason[] = [
    {
      code: "new-signer",
      text: `Never signed with this key; ${counted(limits.signers, "signer")} did.`,
      points: pointsOfNew(limits.discovery),
    },
  ];
  if (isKnown(baseline.families, signer.family, knownBy)) {
    const text = "Roles of the same name, but for a generated suffix, sign with the key.";
    reasons.push({ code: "known-family", text, points: -40 });
  }
  if (signer.human) reasons.push({ code: "person", text: "The signer is a person.", points: 8 });
  if (signer.byNewMethod > 0) {
    const text = "By an algorithm, or of a kind of message, that the key never signed with.";
    reasons.push({ code: "new-method", text, points: 10 });
  }
  return [...reasons, ...manyReasons(signer.count)];
}

function manyReasons(count: number): Reason[] {
  if (count < 10) return [];
  const text = `${count} signatures in its first hour.`;
  return [{ code: "many-signatures", text, points: count >= 50 ? 10 : 5 }];
}

function describeMethod(view: View, name: string): Finding {
  const { bucket, limits } = view;
  const method = bucket.methods[name];
  const evidence = method?.evidence ?? newEvidence();
  const count = method?.count ?? 0;
  return {
    ...common(view, evidence),
    title: "Signatures of a new kind",
    summary: `${callerName(evidence.principal)} made ${counted(count, "signature")} of a kind that the key never made: ${name}.`,
    reasons: [
      {
        code: "new-method",
        text: `None of ${limits.signatures} signatures in ${Math.floor(limits.days)} days was by this algorithm and of this kind of message.`,
        points: pointsOfNew(limits.newMethod),
      },
      ...manyReasons(count),
    ],
    eventTimeMs: method?.firstMs ?? view.hour * HOUR_MS,
    observed: { signaturesPerHour: count, method: name },
    expected: { signaturesPerHour: 0 },
  };
}

function pointsOfNew(discovery: number): number {
  return Math.round(Math.min(60, 20 + 7.5 * surpriseBits(discovery)));
}

function describeSpike(view: View): Finding {
  const { bucket, limits } = view;
  const expected = Math.round(limits.mean * 10) / 10;
  const times = bucket.count / Math.max(1, limits.spike);
  // A busy hour made up for at night would be a spike of this kind, too.
  const least = limits.isQuiet ? 42 : 46;
  const crossed = crossingSecond(bucket.minutes, limits.spike - 1);
  return {
    ...common(view, bucket.evidence),
    title: limits.isQuiet ? "Signatures at a quiet hour" : "Spike of signatures",
    summary: `${bucket.count} signatures within an hour by ${callerName(bucket.evidence.principal)}; expected about ${expected}.`,
    reasons: [
      {
        code: "many-signatures",
        text: `${bucket.count} signatures; expected ${expected}, limit ${limits.spike}.`,
        points: Math.round(Math.min(78, least + 8 * Math.log2(Math.max(1, times)))),
      },
    ],
    eventTimeMs: view.hour * HOUR_MS + crossed * 1000,
    observed: { signaturesPerHour: bucket.count },
    expected: { signaturesPerHour: expected, signaturesPerHourLimit: limits.spike },
  };
}

function common({ hour, entity, limits }: View, evidence: Evidence) {
  const key = keyOf(entity);
  const startMs = hour * HOUR_MS;
  return {
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key,
    accountId: key.accountId,
    region: key.region,
    baseline: baselineState(limits.days, limits.signatures),
    evidence,
  };
}
