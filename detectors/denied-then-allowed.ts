import { z } from "zod";
import { daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import { isKnown, type KnownSet, meet, newKnownSet } from "../src/baseline/known-set.ts";
import { forgetRefusals, learnRefusal, type Refusals } from "../src/baseline/refusals.ts";
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
  newEvidence,
  type Reason,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  calls: number;
  /** Principals who used the key before. */
  allowed: KnownSet;
  /** Principal → earliest refusal of each of the last hours that had one, oldest first. */
  refusedMs: Refusals;
  /** Changes of the last hours to who may use the key. */
  changes: Change[];
}

interface Bucket {
  calls: number;
  users: Record<string, User>;
  changes: Change[];
}

interface User {
  /** Earliest refusal; 0 for none. */
  refusedMs: number;
  refusals: number;
  /** Earliest and latest successful use; 0 for none. */
  allowedMs: number;
  lastMs: number;
  calls: number;
  /** Null for those who are known: nobody will ask for it. */
  evidence: Evidence | null;
}

/** Somebody changed the key's policy or granted its use. */
interface Change {
  readonly timeMs: number;
  readonly actor: string;
  readonly human: boolean;
}

type Limits = Pick<Baseline, "calls"> & { days: number };

const Options = z.strictObject({
  windowHours: z
    .int()
    .min(1)
    .max(72)
    .default(24)
    .describe("Hours within which use must follow a refusal."),
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days from which on a key is no longer new."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const NOTHING: readonly Subject[] = [];
const MOST_USERS = 500;
const MOST_REFUSED = 200;
const MOST_CHANGES = 50;
const CHANGES = new Set(["PutKeyPolicy", "CreateGrant", "ReplicateKey"]);

/** A principal that was refused on a key uses it within a day, for the first time. */
export const deniedThenAllowed = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "denied-then-allowed",
  version: 2,
  title: "Denied then allowed",
  entity: "key",
  reliableFrom: 48,
  severity: "low to high",
  why: "Whoever is refused and gets in a little later has found, or been given, a way: a changed policy, a grant, another permission.",
  falsePositives: [
    "A deployment whose missing permission was added.",
    "Somebody asked for access and got it.",
  ],
  knownGaps: [
    "Refusals of callers from other accounts: AWS logs them in the caller's account only.",
    "More than a day between refusal and use.",
  ],
  triage: [
    "Find out what changed in between: key policy, grants, the principal's own policies.",
    "Ask whoever changed it for the request behind it.",
    "If there is none, undo the change and rotate what was decrypted.",
  ],
  attack: [
    { technique: "T1098", name: "Account Manipulation", tactic: "persistence" },
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
  ],
  options: Options,

  accepts: (event) => !event.principal.service && (isUse(event) || isChange(event)),
  newBaseline: () => ({ born: -1, calls: 0, allowed: newKnownSet(), refusedMs: {}, changes: [] }),
  newBucket: () => ({ calls: 0, users: {}, changes: [] }),
  limits: (baseline, hour) => ({
    days: daysSince(baseline.born, hour),
    calls: baseline.calls,
  }),

  add({ bucket, baseline, knownBy }, event) {
    const name = event.principal.entity;
    if (isChange(event)) {
      const change = { timeMs: event.timeMs, actor: name, human: event.principal.human };
      bucket.changes = newestChanges([...bucket.changes, change]);
      return;
    }
    if (event.error === undefined) bucket.calls += 1;
    let user = bucket.users[name];
    if (user === undefined) {
      if (Object.keys(bucket.users).length >= MOST_USERS) return;
      user = {
        refusedMs: 0,
        refusals: 0,
        allowedMs: 0,
        lastMs: 0,
        calls: 0,
        evidence: isKnown(baseline.allowed, name, knownBy) ? null : newEvidence(),
      };
      bucket.users[name] = user;
    }
    countUse(user, event);
  },

  subjects: (event) =>
    isChange(event) ? NOTHING : [{ name: event.principal.entity, period: "once" }],

  level(view, subject, options) {
    if (view.bucket.users[subject]?.evidence === null) return -1;
    const story = storyOf(view, subject, options);
    if (story === undefined) return -1;
    if (story.change?.actor === subject) return 2;
    return story.change?.human === true ? 1 : 0;
  },

  describe: describeUser,

  fold(baseline, hour, bucket) {
    if (baseline.born < 0) baseline.born = hour;
    baseline.calls += bucket.calls;
    for (const name of Object.keys(bucket.users).sort()) {
      const user = bucket.users[name];
      if (user === undefined) continue;
      if (user.calls > 0) meet(baseline.allowed, name, hour, MOST_USERS);
      if (user.refusedMs > 0) learnRefusal(baseline.refusedMs, name, user.refusedMs);
    }
    // Three days are the longest window that can be configured.
    const oldestMs = (hour - 74) * HOUR_MS;
    forgetRefusals(baseline.refusedMs, oldestMs, MOST_REFUSED);
    baseline.changes = newestChanges([...baseline.changes, ...bucket.changes]).filter(
      ({ timeMs }) => timeMs >= oldestMs,
    );
  },
  skip: () => {},
});

/** A cryptographic call that succeeded or was refused. */
function isUse(event: KmsEvent): boolean {
  return isCryptographic(event) && (event.error === undefined || event.error.class === "denied");
}

function isChange({ name, error }: KmsEvent): boolean {
  return error === undefined && CHANGES.has(name);
}

function countUse(user: User, event: KmsEvent): void {
  const { timeMs } = event;
  if (event.error !== undefined) {
    user.refusals += 1;
    user.refusedMs = user.refusedMs === 0 ? timeMs : Math.min(user.refusedMs, timeMs);
  } else {
    user.calls += 1;
    user.allowedMs = user.allowedMs === 0 ? timeMs : Math.min(user.allowedMs, timeMs);
    user.lastMs = Math.max(user.lastMs, timeMs);
  }
  if (user.evidence !== null) addEvidence(user.evidence, event);
}

interface Story {
  readonly user: User;
  readonly refusedMs: number;
  readonly allowedMs: number;
  /** The most telling change in between: the principal's own, else a person's, else any. */
  readonly change: Change | undefined;
}

/**
 * The refusal and the use that follows it in this hour. Told as soon as the hour's latest use lies after any refusal of the
 * window, so that no further event can take it back.
 */
function storyOf(view: View, subject: string, options: Options): Story | undefined {
  const { bucket, baseline, knownBy } = view;
  const user = bucket.users[subject];
  if (user === undefined || user.calls === 0) return undefined;
  if (isKnown(baseline.allowed, subject, knownBy)) return undefined;
  const fromMs = (view.hour - options.windowHours) * HOUR_MS;
  const refusals = [
    ...(baseline.refusedMs[subject] ?? []),
    ...view.earlier.map(({ bucket: { users } }) => users[subject]?.refusedMs ?? 0),
    user.refusedMs,
  ].filter((timeMs) => timeMs > 0 && timeMs >= fromMs && timeMs < user.lastMs);
  if (refusals.length === 0) return undefined;
  const refusedMs = Math.min(...refusals);
  const changes = [
    ...baseline.changes,
    ...view.earlier.flatMap(({ bucket: { changes } }) => changes),
    ...bucket.changes,
  ].filter(({ timeMs }) => timeMs >= refusedMs && timeMs <= user.lastMs);
  return {
    user,
    refusedMs,
    allowedMs: user.allowedMs > refusedMs ? user.allowedMs : user.lastMs,
    change:
      changes.find(({ actor }) => actor === subject) ??
      changes.find(({ human }) => human) ??
      changes[0],
  };
}

function describeUser(view: View, subject: string, options: Options): Finding {
  const { hour, limits, entity } = view;
  const story = storyOf(view, subject, options);
  if (story === undefined) throw new Error(`denied-then-allowed: no ${subject} in ${entity}`);
  const { user, refusedMs, allowedMs } = story;
  const evidence = user.evidence ?? newEvidence();
  const minutes = Math.round((allowedMs - refusedMs) / 60_000);
  const key = keyOf(entity);
  const startMs = hour * HOUR_MS;
  const who = callerName(evidence.principal, subject);
  return {
    title: "Refused, then let in",
    summary: `${who} was refused on a key and used it ${counted(minutes, "minute")} later for the first time: ${counted(user.calls, "call")} in the hour.`,
    reasons: reasonsOf(story, subject, limits, options),
    eventTimeMs: allowedMs,
    windowStartMs: Math.min(startMs, refusedMs),
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key,
    accountId: key.accountId,
    region: key.region,
    observed: {
      callsByPrincipal: user.calls,
      refusals: user.refusals,
      minutesBetween: minutes,
      changedBy: story.change?.actor ?? null,
    },
    expected: { callsByPrincipal: 0, refusals: 0 },
    baseline: baselineState(limits.days, limits.calls),
    evidence,
  };
}

function reasonsOf(story: Story, subject: string, limits: Limits, options: Options): Reason[] {
  const { user, change } = story;
  const reasons: Reason[] = [
    { code: "let-in", text: "Never used this key before; was refused first.", points: 24 },
  ];
  if (change?.actor === subject) {
    const text = "The principal itself changed the key's policy or grants in between.";
    reasons.push({ code: "own-change", text, points: 46 });
  } else if (change?.human === true) {
    const text = "A person changed the key's policy or grants in between.";
    reasons.push({ code: "change-by-person", text, points: 24 });
  } else if (change !== undefined) {
    const text = "A workload changed the key's policy or grants in between.";
    reasons.push({ code: "change-by-workload", text, points: 2 });
  }
  if (user.calls >= 20) {
    reasons.push({ code: "many-calls", text: `${user.calls} calls in an hour.`, points: 6 });
  }
  if (limits.days < options.learningDays) {
    reasons.push({ code: "new-key", text: "The key itself is new.", points: -12 });
  }
  return reasons;
}

/** The newest changes, in order; the order in which they were noted does not show. */
function newestChanges(changes: readonly Change[]): Change[] {
  return [...changes]
    .sort((one, other) => one.timeMs - other.timeMs || (one.actor < other.actor ? -1 : 1))
    .slice(-MOST_CHANGES);
}
