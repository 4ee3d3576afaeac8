import { z } from "zod";
import { type Actors, learnActor, newActors, standingOf } from "../src/baseline/actors.ts";
import { dayOf, daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import { fade, short } from "../src/baseline/forgetting.ts";
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
  keyOf,
  type KmsEvent,
  levelOf,
  newEvidence,
  type Reason,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  /** First hour with an attested call; −1 before any. */
  born: number;
  /** Operation → faded number of calls with and without attestation. */
  calls: Record<string, [attested: number, bare: number]>;
  day: number;
  /** Code that was attested: image digests. */
  digests: KnownSet;
  /** Principals who called with attestation. */
  attested: KnownSet;
  /** Principals who call without it. */
  bare: Actors;
}

interface Bucket {
  calls: Record<string, [attested: number, bare: number]>;
  digests: string[];
  attested: string[];
  /** By principal: what it called as nobody does. */
  callers: Record<string, Caller>;
}

interface Caller {
  firstMs: number;
  /** Calls without attestation, those that were refused, and calls of code never attested before. */
  bare: number;
  refused: number;
  strange: number;
  human: boolean;
  evidence: Evidence;
}

interface Limits {
  days: number;
  /** Calls learned, of the operations that are always attested. */
  samples: number;
  /** Operations that are always attested; bare calls are counted only of a key that has any. */
  guarded: string[];
  isWatched: boolean;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(7)
    .describe("Days since a key's first attested call before anything about it is judged."),
  leastCalls: z
    .int()
    .min(5)
    .default(30)
    .describe("Attested calls of an operation, without which nobody can say that it always is."),
  share: z
    .number()
    .min(0.5)
    .max(1)
    .default(0.99)
    .describe("Share of attested calls from which on an operation counts as always attested."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

/** Operations that accept an attestation document (AWS KMS API Reference, `Recipient`). */
const ATTESTABLE = new Set([
  "Decrypt",
  "DeriveSharedSecret",
  "GenerateDataKey",
  "GenerateDataKeyPair",
]);
const HALF_LIFE_DAYS = 30;
const MOST_NAMES = 50;

/** A key that is used out of enclaves only is used without attestation, or by code that was never attested. */
export const attestationMissing = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "attestation-missing",
  version: 1,
  title: "Attestation missing",
  entity: "key",
  severity: "low to critical",
  why: "Data for an enclave is to be seen by its code alone. Whoever holds the role of its host can ask KMS directly, unless the key's policy insists on attestation: then nothing but this tells.",
  falsePositives: [
    "A migration or a repair outside of the enclave.",
    "The release of a new enclave image, where its digest is new.",
  ],
  knownGaps: [
    "Keys with few attested calls so far.",
    "Code within the enclave that gives away what it decrypts.",
  ],
  triage: [
    "Find out what ran: a call without attestation did not come out of an enclave.",
    "Compare a new digest with those of the builds that were released.",
    "Let the key's policy require kms:RecipientAttestation:ImageSha384, so that such calls are refused.",
  ],
  attack: [
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "defense-evasion" },
    { technique: "T1552", name: "Unsecured Credentials", tactic: "credential-access" },
  ],
  options: Options,

  accepts: ({ name, error, principal }) =>
    ATTESTABLE.has(name) && (error === undefined || error.class === "denied") && !principal.service,
  newBaseline: () => ({
    born: -1,
    calls: {},
    day: 0,
    digests: newKnownSet(),
    attested: newKnownSet(),
    bare: newActors(),
  }),
  newBucket: () => ({ calls: {}, digests: [], attested: [], callers: {} }),

  limits(baseline, hour, { learningDays, leastCalls, share }) {
    const days = daysSince(baseline.born, hour);
    const guarded: string[] = [];
    let samples = 0;
    for (const [name, [attested, bare]] of Object.entries(baseline.calls)) {
      if (days < learningDays || attested < leastCalls) continue;
      if (attested < share * (attested + bare)) continue;
      guarded.push(name);
      samples += attested;
    }
    return { days, samples, guarded, isWatched: baseline.born >= 0 };
  },

  add: countCall,
  subjects: ({ principal }) => [{ name: principal.entity, period: "day" }] satisfies Subject[],

  level(view, subject) {
    const caller = view.bucket.callers[subject];
    if (caller === undefined) return -1;
    return levelOf(caller.bare + caller.refused + caller.strange, 1);
  },

  describe: describeCaller,
  fold: learn,
  skip: () => {},
});

function countCall({ bucket, limits, baseline, knownBy }: View, event: KmsEvent): void {
  const { name, attestation, error, principal } = event;
  // Most keys are never used out of an enclave; of those nothing is counted.
  if (attestation === undefined && !limits.isWatched) return;
  if (error === undefined) {
    const calls = (bucket.calls[name] ??= [0, 0]);
    calls[attestation === undefined ? 1 : 0] += 1;
    if (attestation !== undefined) {
      keepName(bucket.digests, attestation);
      keepName(bucket.attested, principal.entity);
    }
  }
  if (!limits.guarded.includes(name)) return;
  if (attestation !== undefined && isKnown(baseline.digests, attestation, knownBy)) return;
  const caller = callerIn(bucket, principal.entity);
  if (caller === undefined) return;
  if (attestation !== undefined) caller.strange += 1;
  else if (error === undefined) caller.bare += 1;
  else caller.refused += 1;
  caller.firstMs =
    caller.evidence.count === 0 ? event.timeMs : Math.min(caller.firstMs, event.timeMs);
  caller.human ||= principal.human;
  addEvidence(caller.evidence, event);
}

function keepName(names: string[], name: string): void {
  if (names.includes(name) || names.length >= MOST_NAMES) return;
  names.push(name);
  names.sort();
}

function callerIn({ callers }: Bucket, name: string): Caller | undefined {
  const known = callers[name];
  if (known !== undefined || Object.keys(callers).length >= MOST_NAMES) return known;
  const made = {
    firstMs: 0,
    bare: 0,
    refused: 0,
    strange: 0,
    human: false,
    evidence: newEvidence(),
  };
  callers[name] = made;
  return made;
}

/** Calls that no other ever was like are learned as one each hour, so that they do not soon count as usual. */
function learn(baseline: Baseline, hour: number, bucket: Bucket, limits: Limits): void {
  if (Object.keys(bucket.calls).length === 0) return;
  forget(baseline, dayOf(hour));
  for (const name of Object.keys(bucket.calls).sort()) {
    const [attested, bare] = bucket.calls[name] ?? [0, 0];
    if (attested > 0 && baseline.born < 0) baseline.born = hour;
    const known = (baseline.calls[name] ??= [0, 0]);
    known[0] = short(known[0] + attested);
    known[1] = short(known[1] + (limits.guarded.includes(name) ? Math.min(1, bare) : bare));
  }
  for (const digest of bucket.digests) meet(baseline.digests, digest, hour, MOST_NAMES);
  for (const name of bucket.attested) meet(baseline.attested, name, hour, MOST_NAMES);
  for (const name of Object.keys(bucket.callers).sort()) {
    if ((bucket.callers[name]?.bare ?? 0) === 0) continue;
    learnActor(baseline.bare, { name, family: name }, hour);
  }
}

function forget(baseline: Baseline, day: number): void {
  const factor = baseline.day === 0 ? 1 : fade(day - baseline.day, HALF_LIFE_DAYS);
  baseline.day = day;
  for (const calls of Object.values(baseline.calls)) {
    calls[0] = short(calls[0] * factor);
    calls[1] = short(calls[1] * factor);
  }
}

function describeCaller(view: View, subject: string): Finding {
  const { hour, bucket, limits, entity, baseline } = view;
  const caller = bucket.callers[subject];
  if (caller === undefined)
    throw new Error(`attestation-missing: no caller ${subject} of ${entity}`);
  const { bare, refused, strange, evidence } = caller;
  const key = keyOf(entity);
  const who = callerName(evidence.principal, subject);
  const isBare = bare + refused > 0;
  return {
    title: isBare ? "Attestation missing" : "New code attested",
    summary: isBare
      ? `${who} used a key that only attested code uses, ${counted(bare, "time")} without attestation and ${counted(refused, "time")} in vain.`
      : `${who} used a key out of an enclave whose image was never seen, ${counted(strange, "time")}.`,
    reasons: reasonsOf(view, subject, caller),
    eventTimeMs: caller.firstMs,
    windowStartMs: hour * HOUR_MS,
    windowEndMs: (hour + 1) * HOUR_MS,
    principal: evidence.principal,
    key,
    accountId: key.accountId,
    region: key.region,
    observed: { callsWithoutAttestation: bare, refused, callsOfNewCode: strange },
    expected: {
      callsWithoutAttestation: 0,
      refused: 0,
      callsOfNewCode: 0,
      attestedCalls: Math.round(limits.samples),
      images: Object.keys(baseline.digests.members).length,
    },
    baseline: baselineState(limits.days, Math.round(limits.samples)),
    evidence,
  };
}

function reasonsOf({ limits, baseline, knownBy }: View, subject: string, caller: Caller): Reason[] {
  const { bare, refused, strange, human } = caller;
  const reasons: Reason[] = [];
  const samples = Math.round(limits.samples);
  if (bare > 0) {
    const text = `${counted(bare, "call")} without attestation; of ${samples} calls before hardly any was.`;
    reasons.push({ code: "bare", text, points: 66 });
  }
  if (refused > 0) {
    const text = `${counted(refused, "call")} without attestation refused.`;
    reasons.push({ code: "bare-refused", text, points: bare > 0 ? 6 : 42 });
  }
  if (strange > 0) {
    const text = `${counted(strange, "call")} of code that was never attested before: an image of another digest.`;
    reasons.push({ code: "new-code", text, points: bare + refused > 0 ? 6 : 34 });
  }
  if (!isKnown(baseline.attested, subject, knownBy)) {
    const text = "Whoever called never came with attestation either.";
    reasons.push({ code: "stranger", text, points: 10 });
  }
  if (bare >= 10) reasons.push({ code: "many", text: `${bare} calls in the hour.`, points: 8 });
  if (human) reasons.push({ code: "person", text: "A person called.", points: 6 });
  if (standingOf(baseline.bare, { name: subject, family: subject }, knownBy) === "regular") {
    const text = "It has called without attestation for days.";
    reasons.push({ code: "habit", text, points: -40 });
  }
  return reasons;
}
