import { familyOf } from "../cloudtrail/family.ts";
import { fieldsOf, listOf, textOf } from "../cloudtrail/fields.ts";
import { narrowest, type Narrowing, narrowingOf, UNCONDITIONAL } from "./policy-condition.ts";

/**
 * Whom a key policy lets in, and how widely. Holds no policy text: principals, and for each right how far conditions narrow it.
 * Plain data.
 */
export interface PolicySummary {
  /** By principal, in the order of their names. */
  readonly allows: readonly Allowance[];
  /** 0: nobody; 1: everybody, under a condition; 2: everybody, or everybody but those named. */
  readonly deniesEverybody: number;
  /** Whether an Allow is written for everybody but those named (`NotPrincipal`). */
  readonly hasNotPrincipal: boolean;
  /** Principals beyond the limit. */
  readonly omitted: number;
}

/**
 * A principal and its rights: to use the key, to grant its use, to change its policy. Each 0 where it has none; else how far
 * conditions narrow it: 1 to callers that are named, 2 to some ways of use, 3 not at all.
 */
export type Allowance = readonly [who: string, use: number, grant: number, administer: number];

/** Rights in the order in which an `Allowance` holds them. */
export const RIGHTS = ["use", "grant", "administer"] as const;

/** Everybody, as a principal's name. */
export const EVERYBODY = "*";

/** A key policy may have 32 KiB (AWS KMS quotas); CloudTrail cuts requests at about 100 KB. */
const LONGEST_TEXT = 131_072;
const MOST_PRINCIPALS = 500;
const LONGEST_NAME = 256;

/**
 * Summarises a key policy, given as JSON text or as the object it stands for; undefined where it is no policy. Never throws.
 *
 * Principals (IAM User Guide, "AWS JSON policy elements: Principal"): `account:ID` for an account and its root, ARNs as they
 * are, `service:NAME`, `federated:NAME`, `id:UNIQUEID`, and `*`. A statement for everybody that a condition narrows to
 * accounts, principals or an organization counts as one for those (`org:ID`).
 */
export function summarizePolicy(policy: unknown): PolicySummary | undefined {
  const document = fieldsOf(typeof policy === "string" ? parseJson(policy) : policy);
  if (document === undefined || document["Statement"] === undefined) return undefined;
  const allows = new Map<string, [number, number, number]>();
  let deniesEverybody = 0;
  let hasNotPrincipal = false;
  for (const item of listOf(document["Statement"])) {
    const statement = fieldsOf(item);
    if (statement === undefined) continue;
    const rights = rightsOf(statement);
    const narrowing = narrowingOf(statement["Condition"]);
    const isInverted = statement["NotPrincipal"] !== undefined;
    const names = isInverted ? [EVERYBODY] : principalsOf(statement["Principal"]);
    if (statement["Effect"] === "Allow") {
      hasNotPrincipal ||= isInverted;
      for (const name of names) addAllowance(allows, name, rights, narrowing);
    } else if (statement["Effect"] === "Deny" && names.includes(EVERYBODY)) {
      if (!rights[0] && !rights[2]) continue;
      const isTotal = isInverted || statement["Condition"] === undefined;
      deniesEverybody = Math.max(deniesEverybody, isTotal ? 2 : 1);
    }
  }
  const sorted = [...allows].sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    allows: sorted.slice(0, MOST_PRINCIPALS).map(([who, rights]) => [who, ...rights]),
    deniesEverybody,
    hasNotPrincipal,
    omitted: Math.max(0, sorted.length - MOST_PRINCIPALS),
  };
}

/** The policy a key gets where none is given: its account's root may do everything (AWS KMS Developer Guide, "Default key policy"). */
export function defaultPolicy(accountId: string): PolicySummary {
  return {
    allows: [[`account:${accountId}`, UNCONDITIONAL, UNCONDITIONAL, UNCONDITIONAL]],
    deniesEverybody: 0,
    hasNotPrincipal: false,
    omitted: 0,
  };
}

/** Account of a principal as summarised; undefined for services, organizations, unique ids and everybody. */
export function accountOfPrincipal(who: string): string | undefined {
  const account = who.startsWith("account:") ? who.slice("account:".length) : who.split(":")[4];
  return account !== undefined && /^\d{12}$/.test(account) ? account : undefined;
}

/** Principals of one account whose names differ only in what a generator appended share a family; others are their own. */
export function familyOfPrincipal(who: string): string {
  const slash = who.lastIndexOf("/");
  return slash < 0 ? who : who.slice(0, slash + 1) + familyOf(who.slice(slash + 1));
}

/** How a policy lets a principal in; no rights at all where it does not name it. */
export function allowanceOf({ allows }: PolicySummary, who: string): Allowance {
  return allows.find(([name]) => name === who) ?? [who, 0, 0, 0];
}

/** Whether a principal is the only one that the policy gives any right. */
export function admitsOnly(
  { allows, hasNotPrincipal, omitted }: PolicySummary,
  who: string,
): boolean {
  const admitted = allows.filter(([, ...rights]) => rights.some((right) => right > 0));
  return !hasNotPrincipal && omitted === 0 && admitted.length === 1 && admitted[0]?.[0] === who;
}

/** Whether anybody of the account may change the policy: without, nobody but a foreigner or AWS Support can. */
export function hasOwnAdministrator({ allows }: PolicySummary, accountId: string): boolean {
  return allows.some(
    ([who, , , administer]) =>
      administer > 0 && (who === EVERYBODY || accountOfPrincipal(who) === accountId),
  );
}

function parseJson(text: string): unknown {
  if (text.length > LONGEST_TEXT) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Cut or broken text is no policy.
    return undefined;
  }
}

function addAllowance(
  allows: Map<string, [number, number, number]>,
  name: string,
  rights: readonly boolean[],
  narrowing: Narrowing,
): void {
  const { names, strength } =
    name === EVERYBODY ? narrowest(narrowing) : { names: [name], strength: narrowing.strength };
  for (const long of names) {
    const who = long.slice(0, LONGEST_NAME);
    const known = allows.get(who) ?? [0, 0, 0];
    for (const at of [0, 1, 2] as const) {
      if (rights[at] === true) known[at] = Math.max(known[at], strength);
    }
    allows.set(who, known);
  }
}

function principalsOf(principal: unknown): string[] {
  if (typeof principal === "string")
    return [principal === EVERYBODY ? EVERYBODY : named(principal)];
  const fields = fieldsOf(principal) ?? {};
  const texts = (name: string): string[] =>
    listOf(fields[name]).flatMap((value) => textOf(value) ?? []);
  return [
    ...texts("AWS").map(named),
    ...texts("Service").map((name) => `service:${name}`),
    ...texts("Federated").map((name) => `federated:${name}`),
    ...texts("CanonicalUser").map((name) => `id:${name}`),
  ];
}

function named(text: string): string {
  if (text === EVERYBODY) return EVERYBODY;
  if (/^\d{12}$/.test(text)) return `account:${text}`;
  const root = /^arn:[\w-]+:iam::(\d{12}):root$/.exec(text);
  if (root !== null) return `account:${root[1] ?? ""}`;
  return text.startsWith("arn:") ? text : `id:${text}`;
}

/** One call for each way to get at what a key protects. */
const USES = [
  "decrypt",
  "encrypt",
  "generatedatakey",
  "generatedatakeypair",
  "reencryptfrom",
  "reencryptto",
  "sign",
  "generatemac",
  "derivesharedsecret",
];
const BY_RIGHT = [USES, ["creategrant"], ["putkeypolicy"]] as const;

function rightsOf(statement: Readonly<Record<string, unknown>>): readonly boolean[] {
  const except = statement["NotAction"];
  const patterns = listOf(except ?? statement["Action"]).flatMap((value) => {
    const text = textOf(value)?.toLowerCase();
    if (text === undefined) return [];
    return [text.startsWith("kms:") ? text.slice("kms:".length) : text];
  });
  const isNamed = (call: string): boolean => patterns.some((pattern) => matches(pattern, call));
  return BY_RIGHT.map((calls) => calls.some((call) => isNamed(call) !== (except !== undefined)));
}

/** Whether a pattern of `*` (any text) and `?` (any character) covers the text. */
function matches(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let index = 0; index < text.length;) {
    if (pattern[at] === "*") {
      star = at;
      resume = index;
      at += 1;
    } else if (pattern[at] === "?" || pattern[at] === text[index]) {
      at += 1;
      index += 1;
    } else if (star >= 0) {
      resume += 1;
      index = resume;
      at = star + 1;
    } else return false;
  }
  while (pattern[at] === "*") at += 1;
  return at === pattern.length;
}

/** What kind of principal a policy's fact is about. */
export function kindOfPrincipal(
  who: string,
): "service" | "organization" | "unknown" | "user" | "member" {
  if (who.startsWith("service:")) return "service";
  if (who.startsWith("org:")) return "organization";
  if (who.startsWith("id:")) return "unknown";
  return /:user\/|:federated-user\/|^federated:/.test(who) ? "user" : "member";
}

/** Whether the policy lets in somebody of the same family of names. */
export function isKin({ allows }: PolicySummary, who: string): boolean {
  const family = familyOfPrincipal(who);
  return allows.some(([name]) => familyOfPrincipal(name) === family);
}
