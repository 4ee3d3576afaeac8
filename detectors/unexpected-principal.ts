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
import {
  addEvidence,
  baselineState,
  callerName,
  counted,
  defineDetector,
  type Evidence,
  type HourView,
  isCryptographic,
  isDecryption,
  isEncryption,
  keyOf,
  type KmsEvent,
  levelOf,
  newEvidence,
  type Reason,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  /** Successful cryptographic calls so far. */
  calls: number;
  principals: KnownSet;
  /** Families of names (generated suffix removed), by account. */
  families: KnownSet;
  vias: KnownSet;
}

interface Bucket {
  calls: number;
  decrypts: number;
  users: Record<string, User>;
  userCount: number;
  /** Principals beyond the bound on `users`. */
  overflow: number;
}

interface User {
  /** The role of a person; many share it, and each is told apart. */
  principalKey: string;
  count: number;
  firstMs: number;
  lastMs: number;
  family: string;
  /** Whether it encrypted too. */
  writes: boolean;
  via: string;
  human: boolean;
  /** Null for those who are not judged: nobody will ask for it. */
  evidence: Evidence | null;
}

interface Limits {
  mature: boolean;
  days: number;
  calls: number;
  principals: number;
  /** Probability that the next caller of a day is a new one. */
  discovery: number;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of a key's own history before a new caller is judged."),
  learningCalls: z
    .int()
    .min(1)
    .default(50)
    .describe("Cryptographic calls on the key before a new caller is judged."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

/** Principals, families and services remembered for one key. */
const MOST_KNOWN = 500;
/** Users of a key that is nobody else's. */
const MOST_OF_EXCLUSIVE = 3;
/** Calls in the first hour that are more than a try. */
const MANY = 3;
/** Principals told apart within one hour of one key. */
const MOST_USERS = 1000;

/** A principal uses a key that it has never used, and that few others use. */
export const unexpectedPrincipal = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "unexpected-principal",
  version: 6,
  title: "Unexpected principal",
  entity: "key",
  reliableFrom: 50,
  severity: "informational to high",
  why: "A key is used by the same few roles for months. A principal that has never used it may be one that should not be able to.",
  falsePositives: [
    "A deployment gives a new role access to the key.",
    "A role was recreated under a name that does not look like the old one's.",
  ],
  knownGaps: [
    "Keys younger than the learning days.",
    "An intruder inside a role that uses the key anyway: see decrypt-spike and context-fan-out.",
    "A single call on a key that several share stays low, unless new-key says that the caller kept to its keys.",
  ],
  triage: [
    "Find out who gave the principal access: key policy, grants, IAM policies changed of late.",
    "Ask the key's owner whether the principal is expected.",
    "Look at what was decrypted, and from which address.",
    "If it is not expected, remove the access and rotate what the key protects.",
  ],
  attack: [
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
    {
      technique: "T1555.006",
      name: "Credentials from Password Stores: Cloud Secrets Management Stores",
      tactic: "credential-access",
    },
  ],
  options: Options,

  accepts: (event) =>
    event.error === undefined && !event.principal.service && isCryptographic(event),

  newBaseline: () => ({
    born: -1,
    calls: 0,
    principals: newKnownSet(),
    families: newKnownSet(),
    vias: newKnownSet(),
  }),
  newBucket: () => ({ calls: 0, decrypts: 0, users: {}, userCount: 0, overflow: 0 }),

  limits(baseline, hour, options) {
    const days = daysSince(baseline.born, hour);
    return {
      mature: days >= options.learningDays && baseline.calls >= options.learningCalls,
      days,
      calls: baseline.calls,
      principals: size(baseline.principals),
      discovery: discoveryProbability(baseline.principals),
    };
  },

  add({ bucket, baseline, limits, knownBy }, event) {
    bucket.calls += 1;
    if (isDecryption(event)) bucket.decrypts += 1;
    const name = event.principal.entity;
    let user = bucket.users[name];
    if (user === undefined) {
      if (bucket.userCount >= MOST_USERS) {
        bucket.overflow += 1;
        return;
      }
      const isJudged = limits.mature && !isKnown(baseline.principals, name, knownBy);
      user = newUser(event, isJudged);
      bucket.users[name] = user;
      bucket.userCount += 1;
    }
    user.count += 1;
    user.writes ||= isEncryption(event);
    user.firstMs = Math.min(user.firstMs, event.timeMs);
    user.lastMs = Math.max(user.lastMs, event.timeMs);
    const via = event.principal.via ?? "";
    if (via < user.via) user.via = via;
    if (user.evidence !== null) addEvidence(user.evidence, event);
  },

  subjects: (event) => [{ name: event.principal.entity, period: "once" }],

  level({ bucket, baseline, limits, knownBy, entity, organization }, subject) {
    if (!limits.mature || isKnown(baseline.principals, subject, knownBy)) return -1;
    const user = bucket.users[subject];
    if (user === undefined) return -1;
    // Those on a declared list are expected from the first call on.
    const principal = { key: user.principalKey, entity: subject };
    if (organization.expects(entity, principal, knownBy) === true) return -1;
    return levelOf(user.count, 1);
  },

  describe: describeUser,

  fold(baseline, hour, bucket) {
    if (baseline.born < 0) baseline.born = hour;
    baseline.calls += bucket.calls;
    for (const name of Object.keys(bucket.users).sort()) {
      const user = bucket.users[name];
      if (user === undefined) continue;
      meet(baseline.principals, name, hour, MOST_KNOWN);
      meet(baseline.families, user.family, hour, MOST_KNOWN);
      meet(baseline.vias, user.via, hour, MOST_KNOWN);
    }
  },
  skip: () => {},

  history: (bucket) => ({
    events: bucket.calls,
    decrypts: bucket.decrypts,
    expected: null,
    limit: null,
  }),
  usage: (bucket) =>
    Object.values(bucket.users).map(({ principalKey, firstMs, lastMs, count }) => ({
      principalKey,
      firstMs,
      lastMs,
      count,
    })),
});

function newUser(event: KmsEvent, isJudged: boolean): User {
  return {
    principalKey: event.principal.key,
    count: 0,
    firstMs: event.timeMs,
    lastMs: event.timeMs,
    family: `${event.principal.accountId ?? ""}/${event.principal.family}`,
    writes: false,
    via: event.principal.via ?? "",
    human: event.principal.human,
    evidence: isJudged ? newEvidence() : null,
  };
}

function describeUser(view: View, subject: string) {
  const { hour, bucket, limits, entity } = view;
  const user = bucket.users[subject];
  const evidence = user?.evidence ?? newEvidence();
  const name = callerName(evidence.principal, subject);
  const startMs = hour * HOUR_MS;
  const key = keyOf(entity);
  const { principals, calls } = limits;
  const days = Math.floor(limits.days);
  return {
    title: "Principal new to a key",
    summary: `${name} used a key for the first time: ${counted(user?.count ?? 0, "call")}. In ${days} days and ${counted(calls, "call")} the key had ${counted(principals, "principal")}.`,
    reasons: user === undefined ? [] : reasonsOf(view, user),
    eventTimeMs: user?.firstMs ?? startMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key,
    accountId: key.accountId,
    region: key.region,
    observed: { principal: subject, callsByPrincipal: user?.count ?? 0, firstSeen: true },
    expected: {
      callsByPrincipal: 0,
      firstSeen: false,
      knownPrincipals: principals,
      newPrincipalProbability: Math.round(limits.discovery * 1000) / 1000,
    },
    baseline: baselineState(limits.days, calls),
    evidence,
  };
}

/**
 * Novelty counts by how rarely this key meets anybody new; kinship with known users speaks against it. Services go live on old
 * keys every week, so the first call by itself stays low: an exclusive key, a new way or many calls at once make it more, as
 * does what the caller's own memory says (`new-key`, `family-new-key`).
 */
function reasonsOf({ baseline, limits, knownBy }: View, user: User): Reason[] {
  const surprise = surpriseBits(limits.discovery);
  const reasons: Reason[] = [
    {
      code: "new-principal",
      text: `Never used this key before; ${counted(limits.principals, "principal")} did in ${Math.floor(limits.days)} days.`,
      points: Math.round(Math.min(28, 4 + 4.8 * surprise)),
    },
  ];
  const isExclusive = limits.principals <= MOST_OF_EXCLUSIVE;
  if (isExclusive) {
    reasons.push({ code: "exclusive-key", text: "The key has three users at most.", points: 9 });
  }
  if (user.human) reasons.push({ code: "person", text: "The principal is a person.", points: 10 });
  if (isKnown(baseline.families, user.family, knownBy)) {
    reasons.push({
      code: "known-family",
      text: user.human
        ? "Other people of the same permission set use the key."
        : "Roles of the same name, but for a generated suffix, use the key.",
      points: user.human ? -14 : -40,
    });
  }
  if (!isKnown(baseline.vias, user.via, knownBy)) {
    const way = user.via === "" ? "directly" : `through ${user.via}`;
    reasons.push({ code: "new-way", text: `Nobody used the key ${way} before.`, points: 4 });
  }
  if (user.writes) {
    const text = "It encrypts with the key too, as a new feature does.";
    reasons.push({ code: "writes-too", text, points: -8 });
  }
  return [...reasons, ...extentReasons(user, isExclusive)];
}

/**
 * How much the newcomer did in its first hour; of a person's query through a service that says little. Where hardly anybody comes,
 * a person's first look needs no size.
 */
function extentReasons({ count, human, via }: User, isExclusive: boolean): Reason[] {
  if (human && isExclusive && (via !== "" || count < MANY)) return [];
  if (human && via !== "") {
    return [{ code: "query", text: "A service made the calls for a person.", points: -16 }];
  }
  if (count < MANY) {
    const points = count < 2 ? -14 : -6;
    return [{ code: "few-calls", text: `${counted(count, "call")} in its first hour.`, points }];
  }
  const text = `${count} calls in its first hour: more than a try.`;
  return [{ code: "many-calls", text, points: count < 10 ? 4 : 8 }];
}
