import { z } from "zod";
import { daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import {
  discoveryProbability,
  isKnown,
  type KnownSet,
  meet,
  newKnownSet,
  surpriseBits,
} from "../src/baseline/known-set.ts";
import {
  addEvidence,
  baselineState,
  callerName,
  counted,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  isDecryption,
  isEncryption,
  type KmsEvent,
  mergeEvidence,
  newEvidence,
  type Reason,
  soleKey,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  calls: number;
  /** Key ARN → the hour of its first use by the principal, calls, and the hour from which on they are enough; −1 until then. */
  keys: Record<string, [sinceHour: number, calls: number, enoughHour: number]>;
  /** `shape key`: sets of context names met with each key. */
  met: KnownSet;
  /** The same sets, whatever the key. */
  shapes: KnownSet;
}

interface Bucket {
  /** Calls with a new context. */
  fresh: number;
  /** Pairs of key and shape met. */
  size: number;
  /** Key ARN → shape → its uses. */
  met: Record<string, Record<string, Use>>;
}

interface Use {
  count: number;
  firstMs: number;
  human: boolean;
  byService: boolean;
  /** Whether it wrote under this context too. */
  writes: boolean;
  /** Null where the context is not new. */
  evidence: Evidence | null;
}

interface Limits {
  days: number;
  calls: number;
  /** Probability that the next set of names met is new. */
  discovery: number;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days for which a principal must have used a key before its contexts are judged."),
  learningCalls: z
    .int()
    .min(1)
    .default(15)
    .describe("Calls of the principal with the key before its contexts are judged."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const DAILY: Subject = { name: "", period: "day" };
const SUBJECTS = [DAILY];
const MOST_KEYS = 60;
const MOST_KNOWN = 300;
/** Different pairs of shape and key told apart within one hour. */
const MOST_MET = 60;
/** Stands for a call without context: names of contexts are not empty. */
const NONE = "";
/** Shapes told of one hour, and characters of each. */
const MOST_TOLD = 5;
const LONGEST_TOLD = 200;

/** A principal uses a key with names of encryption context that it never used with it, or with none at all. */
export const contextNovelty = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "context-novelty",
  version: 5,
  title: "New encryption context",
  entity: "principal",
  reliableFrom: 50,
  severity: "low to high",
  why: "The context says what a ciphertext belongs to. Software gives the same names for ever; whoever decrypts what belongs to others gives theirs, or none.",
  falsePositives: [
    "A new feature stores something new under the same key.",
    "A service reads what another one has begun to write.",
  ],
  knownGaps: [
    "Ciphertexts of the same application: their contexts have the same names.",
    "Calls without context by those who leave it out now and then.",
    "Decrypts that lack the attestation of an enclave: events do not carry it yet.",
  ],
  triage: [
    "Ask the owner of the principal whether the context is one of theirs.",
    "Find which application writes such contexts, and what it protects.",
    "Look at where the principal could have got those ciphertexts from.",
  ],
  attack: [
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
    { technique: "T1530", name: "Data from Cloud Storage", tactic: "collection" },
  ],
  options: Options,

  accepts: (event) => event.error === undefined && (isDecryption(event) || isEncryption(event)),
  newBaseline: () => ({
    born: -1,
    calls: 0,
    keys: {},
    met: newKnownSet(),
    shapes: newKnownSet(),
  }),
  newBucket: () => ({ fresh: 0, size: 0, met: {} }),
  limits: (baseline, hour) => ({
    days: daysSince(baseline.born, hour),
    calls: baseline.calls,
    discovery: discoveryProbability(baseline.shapes),
  }),

  add(view, event, options) {
    const { bucket } = view;
    const arn = event.keys[0]?.arn;
    if (arn?.startsWith("arn:") !== true) return;
    const shape = shapeOf(event);
    let use = bucket.met[arn]?.[shape];
    if (use === undefined) {
      if (bucket.size >= MOST_MET) return;
      const evidence = isNew(view, arn, shape, options) ? newEvidence() : null;
      use = {
        count: 0,
        firstMs: event.timeMs,
        human: event.principal.human,
        byService: true,
        writes: false,
        evidence,
      };
      (bucket.met[arn] ??= {})[shape] = use;
      bucket.size += 1;
    }
    use.count += 1;
    use.firstMs = Math.min(use.firstMs, event.timeMs);
    use.byService &&= event.principal.via !== undefined;
    use.writes ||= isEncryption(event);
    if (use.evidence !== null) {
      addEvidence(use.evidence, event);
      bucket.fresh += 1;
    }
  },

  subjects: () => SUBJECTS,

  level({ bucket }) {
    if (bucket.fresh === 0) return -1;
    return bucket.fresh >= 10 ? 1 : 0;
  },

  describe: describeHour,

  fold(baseline, hour, bucket, _limits, options) {
    if (baseline.born < 0) baseline.born = hour;
    for (const arn of Object.keys(bucket.met).sort()) {
      const uses = bucket.met[arn] ?? {};
      let calls = 0;
      for (const shape of Object.keys(uses).sort()) {
        calls += uses[shape]?.count ?? 0;
        meet(baseline.met, `${shape} ${arn}`, hour, MOST_KNOWN);
        meet(baseline.shapes, shape, hour, MOST_KNOWN);
      }
      baseline.calls += calls;
      if (baseline.keys[arn] === undefined && Object.keys(baseline.keys).length >= MOST_KEYS)
        continue;
      const known = (baseline.keys[arn] ??= [hour, 0, -1]);
      known[1] += calls;
      if (known[2] < 0 && known[1] >= options.learningCalls) known[2] = hour;
    }
  },
  skip: () => {},
});

/** Names of a call's context. They are an attacker's text, hence the mark before them; a call without context has none. */
function shapeOf({ context }: KmsEvent): string {
  if (context === undefined) return NONE;
  const [first = "", second] = context.keys;
  return second === undefined ? `.${first}` : `.${context.keys.join(",")}`;
}

/** Whether the principal knows the key well, and this shape not with it. */
function isNew(view: View, arn: string, shape: string, options: Options): boolean {
  const { baseline, knownBy, hour } = view;
  if (isKnown(baseline.met, `${shape} ${arn}`, knownBy)) return false;
  const [sinceHour, , enoughHour] = baseline.keys[arn] ?? [hour, 0, -1];
  return enoughHour >= 0 && enoughHour <= knownBy && hour - sinceHour >= options.learningDays * 24;
}

function describeHour(view: View): Finding {
  const { hour, bucket, limits } = view;
  const fresh = Object.values(bucket.met).flatMap((uses) =>
    Object.entries(uses).filter(([, { evidence }]) => evidence !== null),
  );
  const uses = fresh.map(([, use]) => use);
  const evidence = uses.reduce(
    (sum, use) => mergeEvidence(sum, use.evidence ?? newEvidence()),
    newEvidence(),
  );
  const shapes = [...new Set(fresh.map(([shape]) => shape))].sort();
  const isMissing = shapes.includes(NONE);
  const startMs = hour * HOUR_MS;
  const told = shapes
    .slice(0, MOST_TOLD)
    .map((shape) => (shape === NONE ? "no context" : shape.slice(1, LONGEST_TOLD)))
    .join("; ");
  return {
    title: isMissing ? "Encryption context missing" : "New encryption context",
    summary: `${callerName(evidence.principal)} made ${counted(evidence.count, "call")} with contexts that it never used with the key: ${told}.`,
    reasons: reasonsOf(view, shapes, uses, evidence.count),
    eventTimeMs: Math.min(...uses.map(({ firstMs }) => firstMs)),
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: soleKey(evidence),
    accountId: null,
    region: null,
    observed: { calls: evidence.count, contextNames: told },
    expected: { calls: 0, newContextProbability: Math.round(limits.discovery * 1000) / 1000 },
    baseline: baselineState(limits.days, limits.calls),
    evidence,
  };
}

/** A new shape counts by how rarely this principal has any; one that it uses with other keys, or through a service, less. */
function reasonsOf(
  { baseline, limits, knownBy }: View,
  shapes: readonly string[],
  uses: readonly Use[],
  count: number,
): Reason[] {
  const newness = Math.round(Math.min(34, 10 + 5 * surpriseBits(limits.discovery)));
  const isMissing = shapes.includes(NONE);
  const reasons: Reason[] = [
    {
      code: isMissing ? "context-missing" : "new-context",
      text: isMissing
        ? "It always gave an encryption context with this key."
        : "The names of the context are new for this principal and key.",
      points: newness,
    },
  ];
  const isHuman = uses.some(({ human }) => human);
  if (isMissing && !isHuman) {
    const text = "Software does not stop to give what it must give again to decrypt.";
    reasons.push({ code: "never-without", text, points: 10 });
  }
  if (shapes.every((shape) => isKnown(baseline.shapes, shape, knownBy))) {
    const text = "The principal uses such contexts with other keys.";
    reasons.push({ code: "known-elsewhere", text, points: -10 });
  }
  if (uses.every(({ byService }) => byService)) {
    const text = "An AWS service made the calls and gave the context.";
    reasons.push({ code: "by-service", text, points: -12 });
  }
  if (isMissing && isHuman) {
    const text = "People decrypt by hand what was encrypted by hand.";
    reasons.push({ code: "person", text, points: -6 });
  } else if (uses.every(({ writes }) => !writes)) {
    const text = "It only read: software writes what it reads later.";
    reasons.push({ code: "reads-only", text, points: isMissing ? 8 : Math.round(0.4 * newness) });
  } else if (!isMissing) {
    const text = "It wrote under the context too, as a new feature does.";
    reasons.push({ code: "writes-too", text, points: -8 });
  }
  if (count >= 10) {
    const text = `${count} such calls in an hour.`;
    reasons.push({ code: "many-calls", text, points: count >= 50 ? 14 : 8 });
  }
  return reasons;
}
