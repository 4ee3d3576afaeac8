import { z } from "zod";
import { HOUR_MS } from "../src/baseline/calendar.ts";
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
  keyOf,
  levelOf,
  newEvidence,
  type Reason,
} from "../src/detection/detector.ts";

interface Bucket {
  /** Principals who used the key and are on none of its lists. */
  users: Record<string, User>;
  userCount: number;
  /** Principals beyond the bound on `users`. */
  overflow: number;
}

interface User {
  decrypts: number;
  firstMs: number;
  human: boolean;
  evidence: Evidence;
}

const Options = z.strictObject({});
type View = HourView<null, Bucket, null>;

/** Principals told apart within one hour of one key. */
const MOST_USERS = 1000;

/** A principal uses a key that the configuration says others use, or Keyhawk's own role one that is not declared as its own. */
export const unlistedPrincipal = defineDetector<null, Bucket, null, z.infer<typeof Options>>({
  id: "unlisted-principal",
  version: 1,
  title: "Unlisted principal",
  entity: "key",
  severity: "high to critical",
  why: "Who may use the most important keys is known beforehand. Where it is written down, nothing has to be learned, and the first call of anybody else is one too many.",
  falsePositives: ["The list was not brought up to date when a role was added or renamed."],
  knownGaps: [
    "Keys without a list in detection.expectedPrincipals, but for roles in detection.self.",
    "Calls that AWS services make for themselves, and calls that are refused: see denied-probing.",
    "A key listed by alias only, until it was called by that alias or the alias was made.",
    "An intruder inside a role that is on the list.",
  ],
  triage: [
    "Ask the list's owner whether the principal belongs on it; of Keyhawk's own role, compare the deployment with detection.self.",
    "Find out who gave the principal access: key policy, grants, IAM policies changed of late.",
    "If it does not belong there, remove the access and rotate what the key protects.",
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
  declarations: ["expectedPrincipals", "self"],

  accepts: (event) =>
    event.error === undefined && !event.principal.service && isCryptographic(event),

  newBaseline: () => null,
  newBucket: () => ({ users: {}, userCount: 0, overflow: 0 }),
  limits: () => null,

  add({ bucket, entity, knownBy, organization }, event) {
    const { principal } = event;
    if (organization.expects(entity, principal, knownBy) !== false) return;
    let user = bucket.users[principal.entity];
    if (user === undefined) {
      if (bucket.userCount >= MOST_USERS) {
        bucket.overflow += 1;
        return;
      }
      user = {
        decrypts: 0,
        firstMs: event.timeMs,
        human: principal.human,
        evidence: newEvidence(),
      };
      bucket.users[principal.entity] = user;
      bucket.userCount += 1;
    }
    if (isDecryption(event)) user.decrypts += 1;
    user.firstMs = Math.min(user.firstMs, event.timeMs);
    addEvidence(user.evidence, event);
  },

  subjects: (event) => [{ name: event.principal.entity, period: "day" }],
  level: ({ bucket }, subject) => levelOf(bucket.users[subject]?.evidence.count ?? 0, 1),
  describe: describeUser,
  fold: () => {},
  skip: () => {},
});

function describeUser({ hour, bucket, entity, knownBy, organization }: View, subject: string) {
  const user = bucket.users[subject];
  const evidence = user?.evidence ?? newEvidence();
  const startMs = hour * HOUR_MS;
  const key = keyOf(entity);
  const owners = organization.ownersOf(entity, knownBy).join(", ");
  const isOwnRole = organization.isOwnRole(evidence.principal?.key ?? "");
  const calls = counted(evidence.count, "call");
  const who = callerName(evidence.principal, subject);
  return {
    title: "Principal not listed for a key",
    summary: isOwnRole
      ? `${who}, a role of Keyhawk's own, used a key in a way that is not declared as its own: ${calls}.`
      : `${who} used a key whose declared users it is not among: ${calls}. Owner of the list: ${owners}.`,
    reasons: user === undefined ? [] : reasonsOf(user, isOwnRole ? undefined : owners),
    eventTimeMs: user?.firstMs ?? startMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key,
    accountId: key.accountId,
    region: key.region,
    observed: { principal: subject, callsByPrincipal: evidence.count, listed: false },
    expected: { callsByPrincipal: 0, listed: true },
    baseline: baselineState(0, 0),
    evidence,
  };
}

/** `owners` of the key's lists; undefined for a role of Keyhawk's own. */
function reasonsOf(user: User, owners: string | undefined): Reason[] {
  const reasons: Reason[] = [
    owners === undefined
      ? {
          code: "own-role",
          text: "Keyhawk's role does nothing but what is declared; somebody else may hold it.",
          points: 72,
        }
      : {
          code: "not-listed",
          text: `Not among the principals that ${owners} declared for this key.`,
          points: 70,
        },
  ];
  if (user.decrypts > 0) {
    const text = `${counted(user.decrypts, "call")} revealed plaintext.`;
    reasons.push({ code: "plaintext", text, points: 6 });
  }
  if (user.human) reasons.push({ code: "person", text: "The principal is a person.", points: 8 });
  if (user.evidence.count >= 20) {
    const text = `${user.evidence.count} calls within an hour.`;
    reasons.push({ code: "many-calls", text, points: 8 });
  }
  return reasons;
}
