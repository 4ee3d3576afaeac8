import {
  allowanceOf,
  EVERYBODY,
  hasOwnAdministrator,
  type PolicySummary,
  RIGHTS,
} from "./key-policy.ts";
import { UNCONDITIONAL } from "./policy-condition.ts";

/** One way in which a key policy lets in more, or its owner less, than the one before. */
export interface PolicyChange {
  readonly kind: PolicyChangeKind;
  /** The principal it is about, or the account that lost something; `*` for everybody. */
  readonly who: string;
}

export type PolicyChangeKind =
  | "admitted" // a principal that had no right has one that matters
  | "admitted-to-look" // a principal that was not named may look, and nothing more
  | "widened" // a principal has one right more
  | "loosened" // a condition on what a principal could do is weaker or gone
  | "opened" // everybody, without a condition
  | "opened-by-use" // everybody, under a condition that says how but not who
  | "opened-by-place" // everybody out of a network or the like
  | "not-principal" // everybody but those named
  | "owner-shut-out" // nobody of the owning account may change the policy any more
  | "root-removed" // the owning account's root may not, somebody else of the account may
  | "root-absent" // the same, where the policy before is not known
  | "denied-by-condition" // a Deny for everybody under a condition
  | "everybody-denied"; // a Deny for everybody, or for everybody but those named

/**
 * What a policy changes for the worse. Without a policy before, what holds by itself: nothing is said to be widened, loosened
 * or removed. `Resource` plays no part: in a key policy `*` is the key.
 */
export function policyChanges(
  before: PolicySummary | undefined,
  after: PolicySummary,
  ownAccount: string,
): PolicyChange[] {
  return [
    ...openings(before, after),
    ...after.allows
      .filter(([who]) => who !== EVERYBODY)
      .flatMap(([who]) => changesFor(who, before, after)),
    ...ownersLoss(before, after, ownAccount),
  ];
}

const OPENINGS: readonly (PolicyChangeKind | undefined)[] = [
  undefined,
  "opened-by-place",
  "opened-by-use",
  "opened",
];

function openings(before: PolicySummary | undefined, after: PolicySummary): PolicyChange[] {
  const changes: PolicyChange[] = [];
  const widest = widestFor(after, EVERYBODY);
  const kind = OPENINGS[widest];
  if (kind !== undefined && (before === undefined || widest > widestFor(before, EVERYBODY))) {
    changes.push({ kind, who: EVERYBODY });
  }
  if (after.hasNotPrincipal && before?.hasNotPrincipal !== true) {
    changes.push({ kind: "not-principal", who: EVERYBODY });
  }
  return changes;
}

function changesFor(
  who: string,
  before: PolicySummary | undefined,
  after: PolicySummary,
): PolicyChange[] {
  const isNamed = before?.allows.some(([name]) => name === who) === true;
  const had = before === undefined ? 0 : widestFor(before, who);
  const has = widestFor(after, who);
  if (has === 0) return isNamed ? [] : [{ kind: "admitted-to-look", who }];
  if (before === undefined || had === 0) return [{ kind: "admitted", who }];
  const [, ...old] = allowanceOf(before, who);
  const [, ...now] = allowanceOf(after, who);
  const kinds = new Set<PolicyChangeKind>();
  for (const at of RIGHTS.keys()) {
    const [was = 0, is = 0] = [old[at], now[at]];
    if (is > was) kinds.add(was === 0 ? "widened" : "loosened");
  }
  return [...kinds].map((kind) => ({ kind, who }));
}

function widestFor(policy: PolicySummary, who: string): number {
  const [, use, grant, administer] = allowanceOf(policy, who);
  return Math.max(use, grant, administer);
}

function ownersLoss(
  before: PolicySummary | undefined,
  after: PolicySummary,
  ownAccount: string,
): PolicyChange[] {
  const who = `account:${ownAccount}`;
  const changes: PolicyChange[] = [];
  if (after.deniesEverybody > (before?.deniesEverybody ?? 0)) {
    const isTotal = after.deniesEverybody === 2;
    changes.push({ kind: isTotal ? "everybody-denied" : "denied-by-condition", who });
  }
  if (!hasOwnAdministrator(after, ownAccount)) {
    if (before === undefined || hasOwnAdministrator(before, ownAccount)) {
      changes.push({ kind: "owner-shut-out", who });
    }
    return changes;
  }
  const root = (policy: PolicySummary): number => allowanceOf(policy, who)[RIGHTS.length];
  if (root(after) === 0) {
    if (before === undefined) changes.push({ kind: "root-absent", who });
    else if (root(before) === UNCONDITIONAL) changes.push({ kind: "root-removed", who });
  }
  return changes;
}
