import { z } from "zod";
import { HOUR_MS } from "../src/baseline/calendar.ts";
import { isKnown, type KnownSet, meet, newKnownSet } from "../src/baseline/known-set.ts";
import {
  addEvidence,
  baselineState,
  callerName,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  keyOf,
  type KmsEvent,
  newEvidence,
  type Reason,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  events: number;
  /** Principals who destroyed keys before. */
  actors: KnownSet;
}

interface Bucket {
  events: number;
  actors: Record<string, Actor>;
}

interface Actor {
  firstMs: number;
  /** Key ARN → the gravest thing done to it. */
  keys: Record<string, Act>;
  denied: number;
  /** Shortest waiting period asked for, days; 0 where none was. */
  shortestWindowDays: number;
  human: boolean;
  evidence: Evidence;
}

type Act = keyof typeof POINTS;

interface Limits {
  days: number;
  events: number;
}

const Options = z.strictObject({
  massKeys: z
    .int()
    .min(2)
    .default(3)
    .describe("Distinct keys within an hour that make it a mass destruction."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

/** What each act weighs, in points. */
const POINTS = {
  DeleteImportedKeyMaterial: 76,
  ScheduleKeyDeletion: 72,
  DisableKey: 62,
} as const;
const ACTS = new Set<string>(Object.keys(POINTS));
const NOTHING: readonly Subject[] = [];
const MOST_KEYS = 1000;
const MOST_ACTORS = 500;

/** Keys are scheduled for deletion or disabled, or their imported material is deleted. */
export const keyDestruction = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "key-destruction",
  version: 1,
  title: "Key destruction",
  entity: "account",
  severity: "medium to critical",
  why: "Without the key, everything encrypted under it is lost: at once when imported material is deleted or a key is disabled, for good when a deletion's waiting period ends.",
  falsePositives: ["A stack or a sandbox account is torn down.", "A key is retired as planned."],
  knownGaps: [
    "Destruction through a custom key store or an external key manager.",
    "Slow destruction of one key a day.",
  ],
  triage: [
    "Stop it: cancel the deletion, enable the key, import the material again. The waiting period is at least seven days.",
    "Ask the principal's owner, by another channel than the account itself.",
    "Look at what else the principal did in the last 24 hours, policies and grants first.",
    "If nobody claims it, revoke the principal's sessions and treat the account as compromised.",
  ],
  attack: [
    { technique: "T1485", name: "Data Destruction", tactic: "impact" },
    { technique: "T1490", name: "Inhibit System Recovery", tactic: "impact" },
  ],
  options: Options,
  grave: true,
  judgesLate: true,

  accepts: () => true,
  newBaseline: () => ({ born: -1, events: 0, actors: newKnownSet() }),
  newBucket: () => ({ events: 0, actors: {} }),
  limits: (baseline, hour) => ({
    days: baseline.born < 0 ? 0 : (hour - baseline.born) / 24,
    events: baseline.events,
  }),

  add({ bucket }, event) {
    bucket.events += 1;
    if (!isDestructive(event)) return;
    const name = event.principal.entity;
    let actor = bucket.actors[name];
    if (actor === undefined) {
      if (Object.keys(bucket.actors).length >= MOST_ACTORS) return;
      actor = newActor(event);
      bucket.actors[name] = actor;
    }
    actor.firstMs = Math.min(actor.firstMs, event.timeMs);
    actor.human ||= event.principal.human;
    addEvidence(actor.evidence, event);
    if (event.error !== undefined) actor.denied += 1;
    else addAct(actor, event);
  },

  subjects: (event) =>
    isDestructive(event) ? [{ name: event.principal.entity, period: "hour" }] : NOTHING,

  level({ bucket }, subject, options) {
    const actor = bucket.actors[subject];
    if (actor === undefined) return -1;
    const keys = Object.keys(actor.keys).length;
    if (keys < 2) return keys === 0 || actor.denied === 0 ? 0 : keys;
    let level = 1;
    for (let next = options.massKeys; keys >= next; next *= 4) level += 1;
    return level;
  },

  describe: describeActor,

  fold(baseline, hour, bucket) {
    if (baseline.born < 0) baseline.born = hour;
    baseline.events += bucket.events;
    for (const name of Object.keys(bucket.actors).sort()) {
      if (Object.keys(bucket.actors[name]?.keys ?? {}).length > 0)
        meet(baseline.actors, name, hour, 200);
    }
  },
  skip: () => {},
});

function isDestructive(event: KmsEvent): boolean {
  return ACTS.has(event.name) && !event.serviceEvent;
}

function newActor(event: KmsEvent): Actor {
  return {
    firstMs: event.timeMs,
    keys: {},
    denied: 0,
    shortestWindowDays: 0,
    human: false,
    evidence: newEvidence(),
  };
}

function addAct(actor: Actor, event: KmsEvent): void {
  const arn = event.keys[0]?.arn ?? "unknown key";
  const act = event.name as Act;
  const known = actor.keys[arn];
  if (known === undefined && Object.keys(actor.keys).length >= MOST_KEYS) return;
  if (known === undefined || POINTS[act] > POINTS[known]) actor.keys[arn] = act;
  const days = Number(
    event.parameters?.["pendingWindowInDays"] ?? (act === "ScheduleKeyDeletion" ? 30 : 0),
  );
  if (days > 0 && (actor.shortestWindowDays === 0 || days < actor.shortestWindowDays)) {
    actor.shortestWindowDays = days;
  }
}

function describeActor(view: View, subject: string, options: Options): Finding {
  const { hour, bucket, limits, entity } = view;
  const actor = bucket.actors[subject];
  if (actor === undefined) throw new Error(`key-destruction: no actor ${subject} in ${entity}`);
  const { evidence, denied, shortestWindowDays } = actor;
  const arns = Object.keys(actor.keys).sort();
  const acts = [...new Set(Object.values(actor.keys))].sort().join(", ");
  const startMs = hour * HOUR_MS;
  return {
    title: titleOf(arns.length, options),
    summary: summaryOf(callerName(evidence.principal, subject), arns.length, acts, denied, entity),
    reasons: reasonsOf(view, subject, actor, options),
    eventTimeMs: actor.firstMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: soleArn(arns),
    accountId: entity,
    region: null,
    observed: {
      keysPerHour: arns.length,
      acts,
      denied,
      shortestWindowDays: shortestWindowDays === 0 ? null : shortestWindowDays,
      keys: arns.slice(0, 10).join(" "),
    },
    expected: {
      keysPerHour: 0,
      actorKnown: isKnown(view.baseline.actors, subject, view.knownBy),
    },
    baseline: baselineState(limits.days, limits.events),
    evidence,
  };
}

function summaryOf(
  who: string,
  keys: number,
  acts: string,
  denied: number,
  account: string,
): string {
  if (keys === 0) {
    return `${who} tried ${denied} times to delete or disable keys of account ${account} and was refused.`;
  }
  const noun = keys === 1 ? "key" : "keys";
  return `${who} destroyed or disabled ${keys} ${noun} of account ${account} within an hour: ${acts}.`;
}

function soleArn(arns: readonly string[]): Finding["key"] {
  const [first] = arns;
  return arns.length === 1 && first?.startsWith("arn:") === true ? keyOf(first) : null;
}

function titleOf(keys: number, options: Options): string {
  if (keys === 0) return "Attempt to destroy keys";
  return keys >= options.massKeys ? "Mass destruction of keys" : "Key destruction";
}

function reasonsOf(view: View, subject: string, actor: Actor, options: Options): Reason[] {
  const acts = Object.values(actor.keys);
  const keys = acts.length;
  if (keys === 0) {
    return [{ code: "refused", text: `${actor.denied} attempts, all refused.`, points: 45 }];
  }
  const gravest = acts.reduce<Act>(
    (one, other) => (POINTS[other] > POINTS[one] ? other : one),
    "DisableKey",
  );
  const reasons: Reason[] = [
    { code: "destructive-call", text: `${gravest} succeeded.`, points: POINTS[gravest] },
  ];
  if (keys >= options.massKeys) {
    reasons.push({ code: "mass", text: `${keys} keys within an hour.`, points: 22 });
  } else if (keys > 1) {
    reasons.push({ code: "several-keys", text: `${keys} keys within an hour.`, points: 8 });
  }
  if (actor.shortestWindowDays > 0 && actor.shortestWindowDays <= 7) {
    reasons.push({
      code: "shortest-window",
      text: "The waiting period is the shortest allowed: 7 days.",
      points: 5,
    });
  }
  if (isKnown(view.baseline.actors, subject, view.knownBy)) {
    reasons.push({
      code: "did-before",
      text: "The principal has retired keys before.",
      points: -24,
    });
  }
  return reasons;
}
