import { z } from "zod";
import { daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import { isKnown, type KnownSet, meet, newKnownSet, size } from "../src/baseline/known-set.ts";
import {
  addEvidence,
  baselineState,
  callerName,
  counted,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  type KmsEvent,
  levelOf,
  newEvidence,
  type Reason,
  soleKey,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  calls: number;
  /** Callers and keys that the contexts were met with, by subject. */
  known: KnownSet;
}

interface Bucket {
  calls: number;
  uses: Record<string, Use>;
}

interface Use {
  count: number;
  refused: number;
  firstMs: number;
  evidence: Evidence;
}

interface Limits {
  days: number;
  calls: number;
  known: number;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days for which the contexts must have been seen before another key is new to them."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const NOTHING: readonly Subject[] = [];
const MOST_KNOWN = 300;
const MOST_USES = 200;
const CONTEXTS = new Set(["aws:sso:instance-arn", "aws:identitystore:identitystore-arn"]);
const OWNERS = new Set(["sso.amazonaws.com", "identitystore.amazonaws.com"]);

/** Somebody else than IAM Identity Center uses its encryption contexts, or it uses them with another key. */
export const reservedContext = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "reserved-context",
  version: 1,
  title: "Reserved encryption context",
  entity: "account",
  severity: "low to critical",
  why: "Under these contexts IAM Identity Center encrypts who may sign in to every account. Nobody else has a reason to decrypt with them.",
  falsePositives: [
    "An application of AWS that works with Identity Center through a service not listed here.",
    "Identity Center is moved to another key or Region.",
  ],
  knownGaps: ["Contexts of other services, which their users name as well."],
  triage: [
    "Ask who works on Identity Center; treat it as theft of the identity store until shown otherwise.",
    "Look at which ciphertexts the principal could have read, and from where.",
    "Revoke the principal's sessions and restrict the key's policy to Identity Center.",
  ],
  attack: [
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
    { technique: "T1087.004", name: "Account Discovery: Cloud Account", tactic: "discovery" },
  ],
  options: Options,
  grave: true,

  accepts: (event) => event.context?.keys.some((name) => CONTEXTS.has(name)) === true,
  newBaseline: () => ({ born: -1, calls: 0, known: newKnownSet() }),
  newBucket: () => ({ calls: 0, uses: {} }),
  limits: (baseline, hour) => ({
    days: daysSince(baseline.born, hour),
    calls: baseline.calls,
    known: size(baseline.known),
  }),

  add({ bucket }, event) {
    bucket.calls += 1;
    const name = subjectOf(event);
    if (name === undefined) return;
    let use = bucket.uses[name];
    if (use === undefined) {
      if (Object.keys(bucket.uses).length >= MOST_USES) return;
      use = { count: 0, refused: 0, firstMs: event.timeMs, evidence: newEvidence() };
      bucket.uses[name] = use;
    }
    use.count += 1;
    if (event.error !== undefined) use.refused += 1;
    use.firstMs = Math.min(use.firstMs, event.timeMs);
    addEvidence(use.evidence, event);
  },

  subjects(event) {
    const name = subjectOf(event);
    return name === undefined ? NOTHING : [{ name, period: "once" }];
  },

  level({ bucket, baseline, limits, knownBy }, subject, options) {
    const use = bucket.uses[subject];
    if (use === undefined || isKnown(baseline.known, subject, knownBy)) return -1;
    if (subject.startsWith("key ") && limits.days < options.learningDays) return -1;
    return levelOf(use.count, 1);
  },

  describe: describeUse,

  fold(baseline, hour, bucket) {
    if (baseline.born < 0) baseline.born = hour;
    baseline.calls += bucket.calls;
    for (const name of Object.keys(bucket.uses).sort()) {
      meet(baseline.known, name, hour, MOST_KNOWN);
    }
  },
  skip: () => {},
});

/**
 * What a use is known by: the key of Identity Center's own calls, else the caller. Refused calls go by a name of their own, so
 * that nobody gets known by trying.
 */
function subjectOf({ principal, keys, error }: KmsEvent): string | undefined {
  if (principal.service || (principal.via !== undefined && OWNERS.has(principal.via))) {
    const arn = keys[0]?.arn;
    return arn === undefined || error !== undefined ? undefined : `key ${arn}`;
  }
  const way = principal.via === undefined ? "direct" : "service";
  return `${error === undefined ? way : "refused"} ${principal.entity}`;
}

function describeUse(view: View, subject: string): Finding {
  const { hour, bucket, limits, entity } = view;
  const use = bucket.uses[subject];
  if (use === undefined) throw new Error(`reserved-context: no ${subject} in ${entity}`);
  const { evidence } = use;
  const isOwn = subject.startsWith("key ");
  const startMs = hour * HOUR_MS;
  const calls = counted(use.count, "call");
  return {
    title: isOwn ? "Identity Center uses another key" : "Identity Center's contexts used by others",
    summary: isOwn
      ? `Identity Center used a key of account ${entity} that it had not used before: ${calls}.`
      : `${callerName(evidence.principal)} used Identity Center's own encryption contexts: ${calls}, ${use.refused} refused.`,
    reasons: reasonsOf(subject, use),
    eventTimeMs: use.firstMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: soleKey(evidence),
    accountId: entity,
    region: null,
    observed: { calls: use.count, refused: use.refused },
    expected: { calls: 0, knownUses: limits.known },
    baseline: baselineState(limits.days, limits.calls),
    evidence,
  };
}

function reasonsOf(subject: string, use: Use): Reason[] {
  const reasons: Reason[] = [];
  const [way = ""] = subject.split(" ", 1);
  if (way === "key") {
    const text = "Identity Center keeps to one key; this one is new.";
    reasons.push({ code: "new-key", text, points: 36 });
  } else if (way === "service") {
    const text = "Only Identity Center uses these contexts; the call came through another service.";
    reasons.push({ code: "other-service", text, points: 44 });
  } else {
    const text = "Only Identity Center uses these contexts; the call was a direct one.";
    reasons.push({ code: "not-the-service", text, points: 74 });
  }
  if (way === "refused") {
    reasons.push({ code: "refused", text: "Every call failed.", points: -24 });
  }
  if (way !== "key" && use.count >= 20) {
    reasons.push({ code: "many-calls", text: `${use.count} calls in an hour.`, points: 18 });
  }
  return reasons;
}
