import { z } from "zod";
import { daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import { isKnown, type KnownSet, meet, newKnownSet } from "../src/baseline/known-set.ts";
import {
  type ActsLimits,
  addEvidence,
  baselineState,
  callerName,
  counted,
  defineDetector,
  type Evidence,
  type Finding,
  hasMade,
  type HourView,
  idlenessOfKey,
  type KeyLedger,
  keyOf,
  type KmsEvent,
  learnKeys,
  type LedgerOfHour,
  newEvidence,
  newKeyLedger,
  newLedgerOfHour,
  noteKeys,
  type Reason,
  standingOfAdministrator,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  events: number;
  /** Principals who destroyed keys before. */
  actors: KnownSet;
  ledger: KeyLedger;
}

interface Bucket {
  events: number;
  ledger: LedgerOfHour;
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
type Limits = Pick<ActsLimits, "days" | "events">;

const Options = z.strictObject({
  massKeys: z
    .int()
    .min(2)
    .default(3)
    .describe("Distinct keys within an hour that make it a mass destruction."),
  idleDays: z
    .number()
    .min(1)
    .max(60)
    .default(14)
    .describe("Days without use after which a key is idle, and hardly missed."),
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
const GRAVEST_FIRST = Object.keys(POINTS) as Act[];
const NOTHING: readonly Subject[] = [];
const MOST_KEYS = 1000;
const MOST_ACTORS = 500;
/** A waiting period of the usual length leaves time to notice; whoever is in a hurry asks for less. */
const LONG_WINDOW_DAYS = 28;
const YOUNG_DAYS = 7;

/** Keys are scheduled for deletion or disabled, or their imported material is deleted. */
export const keyDestruction = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "key-destruction",
  version: 2,
  title: "Key destruction",
  entity: "account",
  severity: "medium to critical",
  why: "Without the key, everything encrypted under it is lost: at once when imported material is deleted or a key is disabled, for good when a deletion's waiting period ends.",
  falsePositives: ["A stack or a sandbox account is torn down.", "A key is retired as planned."],
  knownGaps: [
    "Destruction through a custom key store or an external key manager.",
    "Slow destruction of one key a day.",
    "An idle key that protects an archive counts as idle.",
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
  newBaseline: () => ({ born: -1, events: 0, actors: newKnownSet(), ledger: newKeyLedger() }),
  newBucket: () => ({ events: 0, ledger: newLedgerOfHour(), actors: {} }),
  limits: (baseline, hour) => ({
    days: daysSince(baseline.born, hour),
    events: baseline.events,
  }),

  add({ bucket }, event) {
    bucket.events += 1;
    noteKeys(bucket.ledger, event);
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
    learnKeys(baseline.ledger, bucket.ledger, hour);
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
  const [first = ""] = arns;
  const acts = [...new Set(Object.values(actor.keys))].sort().join(", ");
  const startMs = hour * HOUR_MS;
  const who = callerName(evidence.principal, subject);
  return {
    title: titleOf(arns.length, options),
    summary:
      arns.length === 0
        ? `${who} tried ${denied} times to delete or disable keys of account ${entity} and was refused.`
        : `${who} destroyed or disabled ${counted(arns.length, "key")} of account ${entity} within an hour: ${acts}.`,
    reasons: reasonsOf(view, subject, actor, options),
    eventTimeMs: actor.firstMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: arns.length === 1 && first.startsWith("arn:") ? keyOf(first) : null,
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
  const gravest = GRAVEST_FIRST.find((act) => acts.includes(act)) ?? "DisableKey";
  const reasons: Reason[] = [
    { code: "destructive-call", text: `${gravest} succeeded.`, points: POINTS[gravest] },
  ];
  const text = `${keys} keys within an hour.`;
  if (keys >= options.massKeys) reasons.push({ code: "mass", text, points: 22 });
  else if (keys > 1) reasons.push({ code: "several-keys", text, points: 8 });
  if (actor.shortestWindowDays > 0 && actor.shortestWindowDays <= 7) {
    const shortest = "The waiting period is the shortest allowed: 7 days.";
    reasons.push({ code: "shortest-window", text: shortest, points: 5 });
  }
  const use = useReasons(view, subject, actor, options);
  // Whoever tidies up idle keys is not known for destroying what works.
  const isInUse = use.some(({ code }) => code === "in-use");
  return [...reasons, ...use, ...actorReasons(view, subject, actor, isInUse)];
}

/** Keys that work are missed at once; those that nothing used for weeks are tidied up. */
function useReasons(view: View, subject: string, actor: Actor, { idleDays }: Options): Reason[] {
  const arns = Object.keys(actor.keys);
  if (arns.every((arn) => hasMade(view, subject, arn, YOUNG_DAYS))) {
    const text = `The principal made it itself within ${YOUNG_DAYS} days, as for a try.`;
    return [{ code: "own-young-key", text, points: -40 }];
  }
  const busy = arns.filter((arn) => idlenessOfKey(view, arn, idleDays) === "in use");
  if (busy.length > 0) {
    const text = `${busy.length} of them in use within ${idleDays} days.`;
    return [{ code: "in-use", text, points: 10 }];
  }
  if (!arns.every((arn) => idlenessOfKey(view, arn, idleDays) === "idle")) return [];
  const isPatient = actor.shortestWindowDays === 0 || actor.shortestWindowDays >= LONG_WINDOW_DAYS;
  const text = `Not used in ${idleDays} days${isPatient ? "" : ", but a short waiting period"}.`;
  return [{ code: "idle", text, points: isPatient ? -22 : -10 }];
}

function actorReasons(view: View, subject: string, actor: Actor, isInUse: boolean): Reason[] {
  if (isKnown(view.baseline.actors, subject, view.knownBy)) {
    const text = "The principal has retired keys before.";
    return [{ code: "did-before", text, points: isInUse ? -14 : -24 }];
  }
  if (actor.human || standingOfAdministrator(view, subject) !== "regular") return [];
  const text = "A workload that administers keys regularly.";
  return [{ code: "administrator", text, points: -14 }];
}
