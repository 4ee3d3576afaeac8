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
  keyOf,
  type KmsEvent,
  levelOf,
  newEvidence,
  type Reason,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  /** Successful cryptographic calls so far. */
  calls: number;
  /** Source and destination of its re-encryptions; and every key that it used in any way. */
  pairs: KnownSet;
  keys: KnownSet;
}

interface Bucket {
  calls: number;
  /** Keys used, prefixed: what may be anybody's text is no name of a member by itself. */
  keys: Record<string, true>;
  pairs: Record<string, Sweep>;
}

interface Sweep {
  destination: string;
  sourceAccount: string;
  destinationAccount: string;
  firstMs: number;
  contexts: DistinctSketch;
  withoutContext: number;
  evidence: Evidence;
}

interface Limits {
  mature: boolean;
  days: number;
  calls: number;
  /** Pairs re-encrypted between so far. */
  pairs: number;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of a principal's own history before a new pair of own keys is judged."),
  manyContexts: z
    .int()
    .min(2)
    .default(20)
    .describe("Distinct encryption contexts within an hour from which on it is a sweep."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const MOST_PAIRS = 200;
const MOST_KEYS = 300;
const MOST_IN_HOUR = 100;
const NOTHING: readonly Subject[] = [];

/** A principal encrypts ciphertexts again, under a key that it never moved data to. */
export const reEncryptSweep = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "re-encrypt-sweep",
  version: 1,
  title: "Re-encryption sweep",
  entity: "principal",
  severity: "low to critical",
  why: "ReEncrypt moves data under another key without showing it to anybody: under an intruder's key it is theirs to read or to withhold. CloudTrail files it among reading calls.",
  falsePositives: ["A planned change of keys, the first time that this role does it."],
  knownGaps: [
    "Pairs of own keys in the learning days.",
    "A pair that the principal re-encrypts between anyway: see decrypt-spike for its volume.",
    "Data decrypted and encrypted again in two calls: see foreign-encryption.",
  ],
  triage: [
    "Find out who controls the destination key: account, policy, grants, age.",
    "Ask the data's owner whether a change of keys is planned.",
    "If not, take kms:ReEncrypt* from the role, and keep the source key enabled: old ciphertexts still need it.",
  ],
  attack: [
    { technique: "T1486", name: "Data Encrypted for Impact", tactic: "impact" },
    { technique: "T1537", name: "Transfer Data to Cloud Account", tactic: "exfiltration" },
  ],
  options: Options,
  grave: true,

  accepts: (event) =>
    event.error === undefined && !["read", "admin", "other"].includes(event.operation),

  newBaseline: () => ({ born: -1, calls: 0, pairs: newKnownSet(), keys: newKnownSet() }),
  newBucket: () => ({ calls: 0, keys: {}, pairs: {} }),

  limits(baseline, hour, options) {
    const days = daysSince(baseline.born, hour);
    const pairs = Object.keys(baseline.pairs.members).length;
    return { mature: days >= options.learningDays, days, calls: baseline.calls, pairs };
  },

  add({ bucket }, event) {
    bucket.calls += 1;
    const [used] = event.keys;
    if (used !== undefined && Object.keys(bucket.keys).length < MOST_IN_HOUR) {
      bucket.keys[`k:${used.arn}`] = true;
    }
    const name = pairOf(event);
    if (name !== undefined) addSweep(bucket, name, event);
  },

  subjects(event) {
    const name = pairOf(event);
    return name === undefined ? NOTHING : [{ name, period: "once" }];
  },

  level(view, subject) {
    const sweep = view.bucket.pairs[subject];
    if (sweep === undefined || isKnown(view.baseline.pairs, subject, view.knownBy)) return -1;
    if (!view.limits.mature && !isForeign(view, sweep)) return -1;
    return levelOf(sweep.evidence.count, 1);
  },

  describe: describeSweep,

  fold(baseline, hour, bucket) {
    if (baseline.born < 0) baseline.born = hour;
    baseline.calls += bucket.calls;
    for (const name of Object.keys(bucket.pairs).sort())
      meet(baseline.pairs, name, hour, MOST_PAIRS);
    for (const name of Object.keys(bucket.keys).sort()) meet(baseline.keys, name, hour, MOST_KEYS);
  },
  skip: () => {},
});

/** Name of source and destination of a re-encryption that changes keys. */
function pairOf({ operation, keys: [source, destination] }: KmsEvent): string | undefined {
  if (operation !== "reEncrypt" || source === undefined || destination === undefined) {
    return undefined;
  }
  return source.arn === destination.arn ? undefined : `p:${source.arn} ${destination.arn}`;
}

function addSweep(bucket: Bucket, name: string, event: KmsEvent): void {
  const [source, destination] = event.keys;
  let sweep = bucket.pairs[name];
  if (sweep === undefined) {
    if (Object.keys(bucket.pairs).length >= MOST_IN_HOUR) return;
    sweep = {
      destination: destination?.arn ?? "",
      sourceAccount: source?.accountId ?? "",
      destinationAccount: destination?.accountId ?? "",
      firstMs: event.timeMs,
      contexts: [],
      withoutContext: 0,
      evidence: newEvidence(),
    };
    bucket.pairs[name] = sweep;
  }
  sweep.firstMs = Math.min(sweep.firstMs, event.timeMs);
  if (event.context === undefined) sweep.withoutContext += 1;
  else addDistinct(sweep.contexts, event.context.fingerprint);
  addEvidence(sweep.evidence, event);
}

/** Different things re-encrypted, as far as contexts tell them apart. */
function thingsOf({ contexts, withoutContext }: Sweep): number {
  return distinctCount(contexts) + withoutContext;
}

function isForeign({ organization, knownBy }: View, sweep: Sweep): boolean {
  const { destinationAccount, sourceAccount, firstMs } = sweep;
  if (destinationAccount === "" || destinationAccount === sourceAccount) return false;
  return (
    !organization.isOurs(destinationAccount, knownBy) &&
    !organization.isApproved(destinationAccount, firstMs)
  );
}

function describeSweep(view: View, subject: string, options: Options): Finding {
  const { hour, bucket, limits, entity } = view;
  const sweep = bucket.pairs[subject];
  if (sweep === undefined) throw new Error(`re-encrypt-sweep: no pair ${subject} in ${entity}`);
  const { evidence, destination } = sweep;
  const startMs = hour * HOUR_MS;
  const things = thingsOf(sweep);
  const foreign = isForeign(view, sweep);
  const whose = foreign ? `account ${sweep.destinationAccount}, which is not ours` : "our own";
  return {
    title: foreign ? "Data re-encrypted under a foreign key" : "Data re-encrypted under a new key",
    summary: `${callerName(evidence.principal)} re-encrypted about ${counted(things, "thing")} within an hour under a key of ${whose}, for the first time between these keys.`,
    reasons: reasonsOf(view, sweep, options),
    eventTimeMs: sweep.firstMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: keyOf(destination),
    accountId: null,
    region: null,
    observed: {
      reEncryptions: evidence.count,
      distinctContexts: things,
      destinationAccount: sweep.destinationAccount,
      firstSeen: true,
    },
    expected: {
      reEncryptions: 0,
      distinctContexts: 0,
      firstSeen: false,
      pairsBefore: limits.pairs,
    },
    baseline: baselineState(limits.days, limits.calls),
    evidence,
  };
}

function reasonsOf(view: View, sweep: Sweep, options: Options): Reason[] {
  const { baseline, knownBy, limits } = view;
  const things = thingsOf(sweep);
  const reasons: Reason[] = [];
  if (isForeign(view, sweep)) {
    reasons.push({
      code: "foreign-destination",
      text: "The destination key belongs to an account that is neither ours nor approved.",
      points: 70,
    });
  } else {
    reasons.push({
      code: "new-pair",
      text: "It never re-encrypted between these keys.",
      points: 22,
    });
    if (limits.pairs === 0) {
      reasons.push({
        code: "never-re-encrypted",
        text: `It never re-encrypted anything in ${Math.floor(limits.days)} days.`,
        points: 10,
      });
    } else {
      reasons.push({
        code: "re-encrypts-before",
        text: "It has re-encrypted between other keys before.",
        points: -14,
      });
    }
    if (isKnown(baseline.keys, `k:${sweep.destination}`, knownBy)) {
      reasons.push({
        code: "own-destination",
        text: "It uses the destination key otherwise.",
        points: -12,
      });
    }
  }
  if (things >= options.manyContexts) {
    reasons.push({
      code: "many-contexts",
      text: `About ${things} different encryption contexts within the hour.`,
      points: things >= 5 * options.manyContexts ? 40 : 24,
    });
  } else if (sweep.evidence.count >= options.manyContexts) {
    reasons.push({
      code: "many-calls",
      text: `${sweep.evidence.count} calls within the hour.`,
      points: 10,
    });
  }
  return reasons;
}
