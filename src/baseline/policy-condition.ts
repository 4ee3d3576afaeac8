import { fieldsOf, listOf } from "../cloudtrail/fields.ts";

/** A right that no condition narrows. */
export const UNCONDITIONAL = 3;
/** Narrowed to some ways of use, whoever the caller is. */
const BY_USE = 2;
/** Narrowed to callers, networks or resources that are named. */
const BY_CALLER = 1;

/** How far the conditions of a statement narrow it. */
export interface Narrowing {
  /** 1 to callers that are named, 2 to some ways of use, 3 not at all. */
  readonly strength: number;
  /** The accounts, ARNs and organizations it is narrowed to, as principals; empty where it names none. */
  readonly names: readonly string[];
}

/**
 * Judges a statement's `Condition` (IAM User Guide, "AWS global condition context keys"; AWS KMS Developer Guide, "Condition
 * keys for AWS KMS"). Only what must hold narrows: negated operators, `…IfExists`, `ForAllValues:` and values such as `*` let
 * strangers through. Never throws.
 */
export function narrowingOf(condition: unknown): Narrowing {
  let strength = UNCONDITIONAL;
  let names: readonly string[] = [];
  for (const [operator, tests] of Object.entries(fieldsOf(condition) ?? {})) {
    if (!NARROWS.test(operator)) continue;
    for (const [key, value] of Object.entries<unknown>(fieldsOf(tests) ?? {})) {
      const values = listOf(value).map(plainText);
      const kind = kindOf(key.toLowerCase(), values);
      strength = Math.min(strength, kind);
      const own = kind === BY_CALLER ? namesOf(key.toLowerCase(), values) : [];
      // Several conditions must all hold: the one that names the fewest narrows the most.
      if (own.length > 0 && (names.length === 0 || own.length < names.length)) names = own;
    }
  }
  return { strength, names };
}

/** To whom a statement for everybody comes down: those whom its conditions name, else everybody. */
export function narrowest({ strength, names }: Narrowing): {
  names: readonly string[];
  strength: number;
} {
  return { strength, names: names.length > 0 ? names : ["*"] };
}

/** Texts and booleans as texts; anything else is no value a condition can have. */
function plainText(value: unknown): string {
  return typeof value === "string" || typeof value === "boolean" ? `${value}` : "";
}

const NARROWS =
  /^(?:ForAnyValue:)?(?:String(?:Equals|EqualsIgnoreCase|Like)|Arn(?:Equals|Like)|IpAddress|Bool)$/i;
const CALLER =
  /^(?:kms:calleraccount|aws:(?:principalaccount|principalorgid|principalorgpaths|principalarn|userid|username|sourceaccount|sourcearn|sourceowner|sourceorgid|sourceorgpaths|sourcevpc|sourcevpce|sourceip|vpcsourceip))$/;
const USE = /^(?:kms:|aws:(?:principaltag\/|calledvia|multifactorauth|principalisawsservice))/;

function kindOf(key: string, values: readonly string[]): number {
  if (values.length === 0 || values.some(isAnything)) return UNCONDITIONAL;
  if (CALLER.test(key)) return values.some(isAnyAccount) ? BY_USE : BY_CALLER;
  if (values.every((value) => value === "false")) return UNCONDITIONAL;
  return USE.test(key) ? BY_USE : UNCONDITIONAL;
}

function isAnything(value: string): boolean {
  return /^[*?]*$/.test(value) || value === "0.0.0.0/0" || value === "::/0" || value === "o-*";
}

/** An ARN whose account is not given holds for namesakes in any account. */
function isAnyAccount(value: string): boolean {
  return value.startsWith("arn:") && !/^\d{12}$/.test(value.split(":")[4] ?? "");
}

const NAMING =
  /^(?:kms:calleraccount|aws:(?:principalaccount|principalorgid|principalarn|sourceaccount|sourceorgid))$/;

function namesOf(key: string, values: readonly string[]): string[] {
  if (!NAMING.test(key)) return [];
  return values.map((value) => {
    if (/^\d{12}$/.test(value)) return `account:${value}`;
    const root = /^arn:[\w-]+:iam::(\d{12}):root$/.exec(value);
    if (root !== null) return `account:${root[1] ?? ""}`;
    return key.endsWith("orgid") ? `org:${value}` : value;
  });
}
