import { z } from "zod";
import { daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import {
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
  type Finding,
  type HourView,
  isCryptographic,
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
  /** `root`, and `key` or `console` with the user's name, met so far. */
  users: KnownSet;
}

interface Bucket {
  calls: number;
  users: Record<string, User>;
}

interface User {
  count: number;
  firstMs: number;
  longTerm: boolean;
  evidence: Evidence;
}

interface Limits {
  days: number;
  calls: number;
  users: number;
  /** New users a day, lately: the chance of another one. */
  discovery: number;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe(
      "Days of an account's history before a new IAM user is judged; its root user is at once.",
    ),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const NOTHING: readonly Subject[] = [];
const ROOT = "root";
const ROOT_SUBJECTS: readonly Subject[] = [{ name: ROOT, period: "day" }];
const MOST_KNOWN = 500;
const MOST_USERS = 200;
/** Days that the faded number of discoveries stands for: a half-life of 30 days, over the logarithm of 2. */
const REMEMBERED_DAYS = 43;

/** The root user does cryptography, or an IAM user does that the account has not seen do so before. */
export const longTermCredentials = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "long-term-credentials",
  version: 2,
  title: "Long-term credentials",
  entity: "account",
  reliableFrom: 50,
  severity: "low to critical",
  why: "Access keys of IAM users never expire and are what leaks most; the root user can do everything. Workloads have no reason to decrypt with either.",
  falsePositives: [
    "A new IAM user for a system outside of AWS.",
    "An account that is run by its root user.",
  ],
  knownGaps: [
    "IAM users that the account knew from its first weeks.",
    "Root's and users' calls on keys of other accounts whose trail shows the account only.",
  ],
  triage: [
    "Ask the owner of the user, or of the account, whether it was them.",
    "Look up the source address.",
    "Deactivate the access key; it can be activated again within seconds.",
    "Rotate what was decrypted.",
  ],
  attack: [
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
    { technique: "T1552", name: "Unsecured Credentials", tactic: "credential-access" },
  ],
  options: Options,

  accepts: (event) => event.error === undefined && isCryptographic(event),
  newBaseline: () => ({ born: -1, calls: 0, users: newKnownSet() }),
  newBucket: () => ({ calls: 0, users: {} }),
  limits(baseline, hour) {
    const days = daysSince(baseline.born, hour);
    const { discoveries } = baseline.users;
    return {
      days,
      calls: baseline.calls,
      users: size(baseline.users),
      discovery: Math.min(1, (discoveries + 0.5) / (Math.min(days, REMEMBERED_DAYS) + 1)),
    };
  },

  add({ bucket }, event) {
    bucket.calls += 1;
    const name = userOf(event);
    if (name === undefined) return;
    let user = bucket.users[name];
    if (user === undefined) {
      if (name !== ROOT && Object.keys(bucket.users).length >= MOST_USERS) return;
      user = { count: 0, firstMs: event.timeMs, longTerm: false, evidence: newEvidence() };
      bucket.users[name] = user;
    }
    user.count += 1;
    user.firstMs = Math.min(user.firstMs, event.timeMs);
    user.longTerm ||= isLongTerm(event);
    addEvidence(user.evidence, event);
  },

  subjects(event) {
    const name = userOf(event);
    if (name === undefined) return NOTHING;
    return name === ROOT ? ROOT_SUBJECTS : [{ name, period: "once" }];
  },

  level({ bucket, baseline, limits, knownBy }, subject, options) {
    const user = bucket.users[subject];
    if (user === undefined) return -1;
    if (subject !== ROOT) {
      if (limits.days < options.learningDays || isKnown(baseline.users, subject, knownBy))
        return -1;
    }
    return levelOf(user.count, 1);
  },

  describe: describeUser,

  fold(baseline, hour, bucket) {
    if (baseline.born < 0) baseline.born = hour;
    baseline.calls += bucket.calls;
    for (const name of Object.keys(bucket.users).sort()) {
      meet(baseline.users, name, hour, MOST_KNOWN);
    }
  },
  skip: () => {},
});

function isLongTerm({ principal }: KmsEvent): boolean {
  return principal.accessKeyId?.startsWith("AKIA") === true;
}

/** Root or the IAM user behind a call in its own account's trail; undefined for roles, services and outsiders. */
function userOf(event: KmsEvent): string | undefined {
  const { principal, recipientAccountId: recipient } = event;
  if (recipient !== undefined && recipient !== principal.accountId) return undefined;
  if (principal.type === "Root") return ROOT;
  if (principal.type !== "IAMUser") return undefined;
  if (isLongTerm(event)) return `key ${principal.entity}`;
  return principal.human && principal.via === undefined ? `console ${principal.entity}` : undefined;
}

function describeUser(view: View, subject: string): Finding {
  const { hour, bucket, limits, entity } = view;
  const user = bucket.users[subject];
  if (user === undefined) throw new Error(`long-term-credentials: no ${subject} in ${entity}`);
  const { evidence } = user;
  const startMs = hour * HOUR_MS;
  const calls = counted(user.count, "cryptographic call");
  const who = subject === ROOT ? "The root user" : `The IAM user ${callerName(evidence.principal)}`;
  return {
    title: subject === ROOT ? "Cryptography by the root user" : "New IAM user uses keys",
    summary: `${who} of account ${entity} made ${calls} ${user.longTerm ? "with a long-term access key" : "in a session of its own"}.`,
    reasons: reasonsOf(view, subject, user),
    eventTimeMs: user.firstMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: soleKey(evidence),
    accountId: entity,
    region: null,
    observed: { callsByUser: user.count, longTermKey: user.longTerm },
    expected: { callsByUser: 0, longTermKey: false, knownUsers: limits.users },
    baseline: baselineState(limits.days, limits.calls),
    evidence,
  };
}

function reasonsOf({ baseline, limits, knownBy }: View, subject: string, user: User): Reason[] {
  const reasons: Reason[] = [];
  if (subject === ROOT) {
    reasons.push({ code: "root-user", text: "The root user can do everything.", points: 70 });
    if (isKnown(baseline.users, ROOT, knownBy)) {
      const text = "The account's root user did cryptography before.";
      reasons.push({ code: "did-before", text, points: -36 });
    }
  } else {
    const surprise = surpriseBits(limits.discovery);
    reasons.push({
      code: "new-user",
      text: `Never seen in ${Math.floor(limits.days)} days; ${counted(limits.users, "such user")} known.`,
      points: Math.round(Math.min(42, 14 + 5.5 * surprise)),
    });
  }
  if (user.longTerm) {
    const text = "The access key is a long-term one, which never expires.";
    reasons.push({ code: "long-term-key", text, points: 8 });
  }
  if (user.evidence.principal?.via === null) {
    reasons.push({ code: "direct", text: "Called KMS directly.", points: 4 });
  }
  if (user.count >= 20) {
    reasons.push({ code: "many-calls", text: `${user.count} calls in an hour.`, points: 6 });
  }
  return reasons;
}
