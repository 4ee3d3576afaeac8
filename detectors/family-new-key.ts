import { z } from "zod";
import { surpriseBits } from "../src/baseline/known-set.ts";
import { HOUR_MS } from "../src/baseline/calendar.ts";
import {
  addEvidence,
  baselineState,
  callerName,
  counted,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  isCryptographic,
  keyOf,
  type KmsEvent,
  levelOf,
  newEvidence,
  type Reason,
} from "../src/detection/detector.ts";

interface Baseline {
  calls: number;
  /** By family. */
  families: Record<string, Family>;
}

interface Family {
  born: number;
  calls: number;
  /** Hour from which on its calls are enough; −1 until then. */
  enoughHour: number;
  lastHour: number;
  /** Key ARN → the hour of its first use. */
  keys: Record<string, number>;
}

interface Limits {
  /** Calls of all families. */
  calls: number;
}

interface Bucket {
  size: number;
  /** Family, a blank, key ARN → who used it. */
  pairs: Record<string, Pair>;
}

interface Pair {
  family: string;
  arn: string;
  count: number;
  firstMs: number;
  /** Members of the family, at most `MOST_MEMBERS`. */
  members: string[];
  /** Null where the family knows the key, or is not judged. */
  evidence: Evidence | null;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of a family's own history before its keys are judged."),
  learningCalls: z
    .int()
    .min(1)
    .default(50)
    .describe("Cryptographic calls of the family before its keys are judged."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const MOST_FAMILIES = 200;
const MOST_KEYS = 50;
const MOST_PAIRS = 500;
const MOST_MEMBERS = 10;
/** Members of one family that take up a key within an hour when it was deployed to them. */
const DEPLOYED = 3;
/** Days in which a family meets its usual keys. */
const SETTLING_DAYS = 7;

/** A role of a family of generated names uses a key that the family never used. */
export const familyNewKey = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "family-new-key",
  version: 1,
  title: "New key of a role family",
  entity: "account",
  reliableFrom: 42,
  severity: "informational to high",
  why: "Roles of stacks come and go under generated names, so a new name is no news. What the family does stays the same: one member that uses another key stands out, be it the first time that its name is seen.",
  falsePositives: ["A release from which on one stack of many uses another key."],
  knownGaps: [
    "Names that do not look generated: see new-key and unexpected-principal.",
    "A release that reaches a family one member at a time looks like one member that strays.",
  ],
  triage: [
    "Compare what the member does with what the others of its family do.",
    "Find out who made the role, and who owns the key.",
    "If nobody claims it, remove the role's access to the key.",
  ],
  attack: [
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
    { technique: "T1530", name: "Data from Cloud Storage", tactic: "collection" },
  ],
  options: Options,

  accepts: (event) =>
    event.principal.family !== event.principal.name &&
    event.error === undefined &&
    !event.principal.human &&
    !event.principal.service &&
    isCryptographic(event),
  newBaseline: () => ({ calls: 0, families: {} }),
  newBucket: () => ({ size: 0, pairs: {} }),
  limits: ({ calls }) => ({ calls }),

  add(view, event, options) {
    for (const { arn } of event.keys) {
      if (arn.includes(":key/")) addPair(view, event, arn, options);
    }
  },

  subjects: (event) =>
    event.keys.map(({ arn }) => ({ name: nameOf(event, arn), period: "day" as const })),

  level({ bucket }, subject) {
    const pair = bucket.pairs[subject];
    return pair === undefined || pair.evidence === null ? -1 : levelOf(pair.count, 1);
  },

  describe: describePair,

  fold(baseline, hour, bucket, _limits, options) {
    for (const name of Object.keys(bucket.pairs).sort()) {
      const pair = bucket.pairs[name];
      if (pair !== undefined) learnPair(baseline, hour, pair, options);
    }
  },
  skip: () => {},
});

/** The account belongs to a family's name: stacks of other accounts are others. */
function familyOf({ principal }: KmsEvent): string {
  return `${principal.accountId ?? ""}/${principal.family}`;
}

function nameOf(event: KmsEvent, arn: string): string {
  return `${familyOf(event)} ${arn}`;
}

function addPair(view: View, event: KmsEvent, arn: string, options: Options): void {
  const { bucket } = view;
  const name = nameOf(event, arn);
  let pair = bucket.pairs[name];
  if (pair === undefined) {
    if (bucket.size >= MOST_PAIRS) return;
    pair = newPair(view, event, arn, options);
    bucket.pairs[name] = pair;
    bucket.size += 1;
  }
  pair.count += 1;
  if (pair.evidence === null) return;
  pair.firstMs = Math.min(pair.firstMs, event.timeMs);
  const { entity } = event.principal;
  if (!pair.members.includes(entity)) keepMember(pair.members, entity);
  addEvidence(pair.evidence, event);
}

/** The first few in the order of their names, whoever came first. */
function keepMember(members: string[], entity: string): void {
  members.push(entity);
  members.sort();
  if (members.length > MOST_MEMBERS) members.pop();
}

function newPair(
  { baseline, hour, knownBy }: View,
  event: KmsEvent,
  arn: string,
  options: Options,
): Pair {
  const family = familyOf(event);
  const known = baseline.families[family];
  const isMature =
    known !== undefined &&
    hour - known.born >= options.learningDays * 24 &&
    known.enoughHour >= 0 &&
    known.enoughHour <= knownBy;
  const isNew = isMature && (known.keys[arn] ?? hour) > knownBy;
  return {
    family,
    arn,
    count: 0,
    firstMs: event.timeMs,
    members: [],
    evidence: isNew ? newEvidence() : null,
  };
}

function learnPair(
  baseline: Baseline,
  hour: number,
  { family, arn, count }: Pair,
  options: Options,
): void {
  let known = baseline.families[family];
  if (known === undefined) {
    if (Object.keys(baseline.families).length >= MOST_FAMILIES) forgetOldest(baseline);
    known = { born: hour, calls: 0, enoughHour: -1, lastHour: hour, keys: {} };
    baseline.families[family] = known;
  }
  baseline.calls += count;
  known.calls += count;
  if (known.enoughHour < 0 && known.calls >= options.learningCalls) known.enoughHour = hour;
  known.lastHour = hour;
  if (known.keys[arn] === undefined && Object.keys(known.keys).length < MOST_KEYS) {
    known.keys[arn] = hour;
  }
}

function forgetOldest({ families }: Baseline): void {
  let oldest: string | undefined;
  for (const [name, { lastHour }] of Object.entries(families)) {
    const least = oldest === undefined ? undefined : families[oldest]?.lastHour;
    const isOlder = least === undefined || lastHour < least;
    if (isOlder || (lastHour === least && name < (oldest ?? ""))) oldest = name;
  }
  if (oldest !== undefined) delete families[oldest];
}

function describePair(view: View, subject: string): Finding {
  const { hour, bucket, limits } = view;
  const pair = bucket.pairs[subject];
  if (pair === undefined) throw new Error(`family-new-key: no pair ${subject}`);
  const evidence = pair.evidence ?? newEvidence();
  const habits = habitsOf(view, pair);
  const key = keyOf(pair.arn);
  const startMs = hour * HOUR_MS;
  return {
    title: "New key of a role family",
    summary: `${callerName(evidence.principal)} used a key that no role of its family had used in ${Math.floor(habits.days)} days: ${counted(pair.count, "call")} by ${counted(pair.members.length, "member")}.`,
    reasons: reasonsOf(pair, habits),
    eventTimeMs: pair.firstMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key,
    accountId: key.accountId,
    region: key.region,
    observed: { calls: pair.count, members: pair.members.length, firstUse: true },
    expected: { calls: 0, members: 0, firstUse: false, knownKeys: habits.keys },
    baseline: baselineState(habits.days, limits.calls),
    evidence,
  };
}

interface Habits {
  readonly days: number;
  readonly keys: number;
  /** Probability that a day brings the family a new key. */
  readonly discovery: number;
}

/** What was known of the family when the hour opened: keys first used after its first days, by the days since. */
function habitsOf({ baseline, hour, knownBy }: View, { family }: Pair): Habits {
  const known = baseline.families[family];
  if (known === undefined) return { days: 0, keys: 0, discovery: 1 };
  const firsts = Object.values(known.keys).filter((since) => since <= knownBy);
  const settled = known.born + SETTLING_DAYS * 24;
  const late = firsts.filter((since) => since > settled).length;
  const days = (hour - known.born) / 24;
  const discovery = Math.min(1, (late + 0.5) / (Math.max(0, days - SETTLING_DAYS) + 1));
  return { days, keys: firsts.length, discovery };
}

/** A new key counts by how rarely the family has any; several members at once speak for a deployment. */
function reasonsOf(pair: Pair, { days, keys, discovery }: Habits): Reason[] {
  const surprise = surpriseBits(discovery);
  const reasons: Reason[] = [
    {
      code: "new-key",
      text: `The family used ${counted(keys, "key")} in ${Math.floor(days)} days, never this one.`,
      points: Math.round(Math.min(42, 10 + 6.4 * surprise)),
    },
  ];
  if (pair.count === 1) {
    reasons.push({ code: "one-call", text: "A single call in an hour.", points: -6 });
  }
  if (pair.count >= 3) {
    const text = `${pair.count} calls in an hour: more than a try.`;
    reasons.push({ code: "many-calls", text, points: pair.count >= 20 ? 18 : 6 });
  }
  if (pair.members.length >= DEPLOYED) {
    const text = `${pair.members.length} members took it up within the hour, as after a deployment.`;
    reasons.push({ code: "deployed", text, points: -14 });
  }
  return reasons;
}
