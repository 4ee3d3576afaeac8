import { z } from "zod";
import { daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import {
  discoveryProbability,
  isKnown,
  type KnownSet,
  meet,
  newKnownSet,
  size,
  surpriseBits,
} from "../src/baseline/known-set.ts";
import { learnSilence } from "../src/baseline/seasonal-rate.ts";
import {
  addEvidence,
  baselineState,
  callerName,
  counted,
  countSigning,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  isSignature,
  keyOf,
  type KmsEvent,
  learnSigning,
  levelOf,
  newEvidence,
  newSigningHabit,
  newSigningHour,
  pointsOfSigning,
  type Reason,
  type SigningHabit,
  type SigningHour,
  type SigningLimits,
  signingLimits,
  type SigningRise,
  signingRises,
  type Subject,
  tellSigning,
} from "../src/detection/detector.ts";
interface Baseline {
  habit: SigningHabit;
  signatures: number;
  signers: KnownSet;
  families: KnownSet;
  /** How the key signed: algorithm and kind of message. */
  methods: KnownSet;
}

interface Bucket {
  volume: SigningHour;
  signers: Record<string, Signer>;
  methods: Record<string, Method>;
  evidence: Evidence;
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
  volume: SigningLimits;
  /** Probability that the next signer, and the next method, is new; 0 while learning. */
  discovery: number;
  newMethod: number;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of a key's own history before anything but a spike is judged."),
  learningDaysOfVolume: z
    .number()
    .min(0)
    .default(7)
    .describe("Days of a key's own history before a spike is judged."),
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

/** Somebody signs with a key with which only others did, far more is signed than usual, or by one of its sessions, or in another way than ever. */
export const newSigner = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "new-signer",
  version: 5,
  title: "New signer",
  entity: "key",
  reliableFrom: 46,
  severity: "low to high",
  why: "Whoever may sign can forge what others trust: tokens, documents, software. Signing keys have very few users, who keep to their hours and to one way of signing.",
  falsePositives: [
    "A new version of the service signs under a new role, or by another algorithm.",
    "A day of releases, or work made up for at night.",
    "A load test, or a fleet cut down to one instance while it has much to sign.",
  ],
  knownGaps: [
    "Keys younger than the learning days.",
    "A forger inside the service that signs anyway, at its usual volume and hours and in its usual way; what its busiest hours hold hides as much.",
    "A key that took over from another, in its own first week: what the other one signed is not known to it.",
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

  accepts: (event) => isSignature(event) && event.error === undefined && !event.principal.service,
  newBaseline: () => ({
    habit: newSigningHabit(),
    signatures: 0,
    signers: newKnownSet(),
    families: newKnownSet(),
    methods: newKnownSet(),
  }),
  newBucket: () => ({
    volume: newSigningHour(),
    signers: {},
    methods: {},
    evidence: newEvidence(),
  }),

  limits(baseline, hour, options) {
    const { habit, signatures, signers, methods } = baseline;
    const days = daysSince(habit.rate.born, hour);
    const isJudged = days >= options.learningDays && signatures >= options.learningSignatures;
    return {
      days,
      signatures,
      signers: size(signers),
      volume: signingLimits(habit, hour, {
        ...options,
        learningDays: options.learningDaysOfVolume,
        quietLearningDays: options.learningDays,
      }),
      discovery: isJudged ? discoveryProbability(signers) : 0,
      // Records without an algorithm teach none.
      newMethod: isJudged && size(methods) > 0 ? discoveryProbability(methods) : 0,
    };
  },

  add({ bucket, baseline, limits, knownBy }, event) {
    countSigning(bucket.volume, event);
    addEvidence(bucket.evidence, event);
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

  level(view, subject) {
    if (subject === SPIKE.name) return levelOfSpike(view);
    const { bucket, baseline, limits, knownBy } = view;
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
    baseline.signatures += bucket.volume.count;
    learnSigning(baseline.habit, hour, bucket.volume, limits.volume);
    for (const name of Object.keys(bucket.signers).sort()) {
      meet(baseline.signers, name, hour, MOST_KNOWN);
      meet(baseline.families, bucket.signers[name]?.family ?? "", hour, MOST_KNOWN);
    }
    for (const name of Object.keys(bucket.methods).sort()) {
      meet(baseline.methods, name, hour, MOST_METHODS);
    }
  },
  skip: (baseline, from, to) => learnSilence(baseline.habit.rate, from, to),
});

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

function risesOf({ hour, bucket, baseline, limits, earlier }: View): SigningRise[] {
  const open = earlier.at(-1);
  return signingRises({
    hour,
    volume: bucket.volume,
    limits: limits.volume,
    habit: baseline.habit,
    newest: open && { hour: open.hour, count: open.bucket.volume.count },
  });
}

function levelOfSpike(view: View): number {
  return Math.max(-1, ...risesOf(view).map(({ count, limit }) => levelOf(count, limit)));
}

/** The plainest rise is told. */
function describeSpike(view: View): Finding {
  const { hour, bucket, entity, limits } = view;
  const [rise] = risesOf(view);
  if (rise === undefined) throw new Error(`new-signer: no spike of ${entity}`);
  const { isQuiet } = limits.volume;
  const points = pointsOfSigning(rise, isQuiet);
  const { title, code, what, counted: name } = tellSigning(rise, isQuiet);
  const expected = Math.round(rise.expected * 10) / 10;
  const shared = common(view, bucket.evidence);
  return {
    ...shared,
    title,
    summary: `${what} by ${callerName(bucket.evidence.principal)}; expected about ${expected}.`,
    reasons: [{ code, text: `${what}; expected ${expected}, limit ${rise.limit}.`, points }],
    windowStartMs: shared.windowStartMs - (rise.kind === "pair" ? HOUR_MS : 0),
    eventTimeMs: hour * HOUR_MS + rise.crossedSecond * 1000,
    observed: { signaturesPerHour: bucket.volume.count, [name]: rise.count },
    expected: { [name]: expected, [`${name}Limit`]: rise.limit },
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
