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
import { countMinute, crossingSecond, type MinuteCounts } from "../src/baseline/minute-counts.ts";
import {
  expectHour,
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
}

interface Bucket {
  count: number;
  signers: Record<string, Signer>;
  evidence: Evidence;
  minutes: MinuteCounts;
}

interface Signer {
  count: number;
  firstMs: number;
  family: string;
  human: boolean;
  /** Null for those who are known. */
  evidence: Evidence | null;
}

interface Limits {
  days: number;
  signatures: number;
  signers: number;
  mean: number;
  /** Signatures an hour from which on it is a spike; 0 while learning. */
  spike: number;
  discovery: number;
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
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const SPIKE: Subject = { name: "spike", period: "hour" };
const MOST_KNOWN = 200;
const MOST_SIGNERS = 200;
const SIGNING = new Set(["Sign", "GenerateMac", "DeriveSharedSecret"]);

/** Somebody signs with a key with which only others did, or far more is signed than usual. */
export const newSigner = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "new-signer",
  version: 2,
  title: "New signer",
  entity: "key",
  reliableFrom: 46,
  severity: "low to high",
  why: "Whoever may sign can forge what others trust: tokens, documents, software. Signing keys have very few users.",
  falsePositives: ["A new version of the service signs under a new role.", "A day of releases."],
  knownGaps: [
    "Keys younger than the learning days.",
    "A forger inside the service that signs anyway, at its usual volume.",
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
  }),
  newBucket: () => ({ count: 0, signers: {}, evidence: newEvidence(), minutes: [] }),

  limits(baseline, hour, options) {
    const expectation = expectHour(baseline.rate, hour);
    const { daysLearned, mean, peak } = expectation;
    const isLearning = daysLearned < options.learningDays;
    const improbable = hourLimit(expectation, options.tailProbability);
    const spike = Math.max(options.floorPerHour, options.ratio * mean, improbable, 1.5 * peak);
    return {
      days: daysLearned,
      signatures: baseline.signatures,
      signers: size(baseline.signers),
      mean,
      spike: isLearning ? 0 : Math.ceil(spike) + 1,
      discovery:
        isLearning || baseline.signatures < options.learningSignatures
          ? 0
          : discoveryProbability(baseline.signers),
    };
  },

  add({ bucket, baseline, limits, knownBy }, event) {
    bucket.count += 1;
    addEvidence(bucket.evidence, event);
    countMinute(bucket.minutes, event.timeMs);
    const name = event.principal.entity;
    let signer = bucket.signers[name];
    if (signer === undefined) {
      if (Object.keys(bucket.signers).length >= MOST_SIGNERS) return;
      const isJudged = limits.discovery > 0 && !isKnown(baseline.signers, name, knownBy);
      signer = newSignerOf(event, isJudged);
      bucket.signers[name] = signer;
    }
    signer.count += 1;
    signer.firstMs = Math.min(signer.firstMs, event.timeMs);
    if (signer.evidence !== null) addEvidence(signer.evidence, event);
  },

  subjects: (event) => [SPIKE, { name: `signer ${event.principal.entity}`, period: "once" }],

  level({ bucket, baseline, limits, knownBy }, subject) {
    if (subject === SPIKE.name)
      return limits.spike === 0 ? -1 : levelOf(bucket.count, limits.spike);
    const name = subject.slice("signer ".length);
    if (limits.discovery === 0 || isKnown(baseline.signers, name, knownBy)) return -1;
    return levelOf(bucket.signers[name]?.count ?? 0, 1);
  },

  describe: (view, subject) =>
    subject === SPIKE.name ? describeSpike(view) : describeSigner(view, subject.slice(7)),

  fold(baseline, hour, bucket, limits) {
    baseline.signatures += bucket.count;
    const hasAlarmed = limits.spike > 0 && bucket.count >= limits.spike;
    learnHour(
      baseline.rate,
      hour,
      hasAlarmed ? Math.min(bucket.count, Math.round(2 * limits.mean) + 5) : bucket.count,
    );
    for (const name of Object.keys(bucket.signers).sort()) {
      meet(baseline.signers, name, hour, MOST_KNOWN);
      meet(baseline.families, bucket.signers[name]?.family ?? "", hour, MOST_KNOWN);
    }
  },
  skip: (baseline, from, to) => learnSilence(baseline.rate, from, to),
});

function newSignerOf(event: KmsEvent, isJudged: boolean): Signer {
  const { accountId, family, human } = event.principal;
  return {
    count: 0,
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
  const surprise = surpriseBits(limits.discovery);
  const reasons: Reason[] = [
    {
      code: "new-signer",
      text: `Never signed with this key; ${counted(limits.signers, "signer")} did.`,
      points: Math.round(Math.min(60, 20 + 7.5 * surprise)),
    },
  ];
  if (isKnown(baseline.families, signer.family, knownBy)) {
    const text = "Roles of the same name, but for a generated suffix, sign with the key.";
    reasons.push({ code: "known-family", text, points: -40 });
  }
  if (signer.human) reasons.push({ code: "person", text: "The signer is a person.", points: 8 });
  if (signer.count >= 10) {
    const text = `${signer.count} signatures in its first hour.`;
    reasons.push({ code: "many-signatures", text, points: signer.count >= 50 ? 10 : 5 });
  }
  return reasons;
}

function describeSpike(view: View): Finding {
  const { bucket, limits } = view;
  const expected = Math.round(limits.mean * 10) / 10;
  const times = bucket.count / Math.max(1, limits.spike);
  const crossed = crossingSecond(bucket.minutes, limits.spike - 1);
  return {
    ...common(view, bucket.evidence),
    title: "Spike of signatures",
    summary: `${bucket.count} signatures within an hour by ${callerName(bucket.evidence.principal)}; expected about ${expected}.`,
    reasons: [
      {
        code: "many-signatures",
        text: `${bucket.count} signatures; expected ${expected}, limit ${limits.spike}.`,
        points: Math.round(Math.min(78, 46 + 8 * Math.log2(Math.max(1, times)))),
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
