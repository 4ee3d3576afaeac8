import { fieldsOf, listOf, textOf } from "../cloudtrail/fields.ts";
import { sipHash64, toHex } from "../cloudtrail/siphash.ts";
import { accountOfPrincipal } from "./key-policy.ts";

/** What a CreateGrant asks for, without the values of its encryption context. */
export interface Grant {
  /** The grantee as written, cut at 256 characters. */
  readonly grantee: string;
  readonly kind: GranteeKind;
  /** Account of a role, user, account or resource that is the grantee; undefined for services and where it is not said. */
  readonly accountId: string | undefined;
  /** Whether it lets the grantee grant further. */
  readonly regrants: boolean;
  /** Whether it lets the grantee decrypt or make data keys. */
  readonly decrypts: boolean;
  /** Whether an encryption context or a source narrows it. */
  readonly isConstrained: boolean;
  /** 16 hex digits: equal for grants that ask for the same. */
  readonly fingerprint: string;
}

/**
 * What the grantee is. `resource`: an AWS service's own, such as `ACCOUNT:aws:ec2-infrastructure:i-…`; `id`: the unique id that
 * is left of a deleted principal.
 */
export type GranteeKind =
  | "service"
  | "service-role"
  | "resource"
  | "role"
  | "user"
  | "account"
  | "everybody"
  | "id";

const LONGEST_NAME = 256;
/** Fixed: tells grants apart, protects nothing but the sight of context values. */
const KEY = Uint8Array.from({ length: 16 }, (_, index) => 200 - index);

/** Reads the parameters of a CreateGrant (AWS KMS API Reference, "CreateGrant"); undefined where they name no grantee. Never throws. */
export function grantOf(
  parameters: Readonly<Record<string, unknown>> | undefined,
): Grant | undefined {
  const service = textOf(parameters?.["granteeServicePrincipal"]);
  const grantee = (service ?? textOf(parameters?.["granteePrincipal"]))?.slice(0, LONGEST_NAME);
  if (parameters === undefined || grantee === undefined) return undefined;
  const operations = listOf(parameters["operations"])
    .flatMap((name) => textOf(name) ?? [])
    .sort();
  const constraints = fieldsOf(parameters["constraints"]) ?? {};
  const kind = service === undefined ? kindOf(grantee) : "service";
  const text = JSON.stringify([grantee, operations, inOrder(constraints)]);
  return {
    grantee,
    kind,
    accountId: accountOf(grantee, kind),
    regrants: operations.includes("CreateGrant"),
    decrypts: operations.some((name) => name === "Decrypt" || name === "GenerateDataKey"),
    isConstrained: Object.values(constraints).some((value) => !isEmpty(value)),
    fingerprint: toHex(sipHash64(KEY, text)),
  };
}

function kindOf(grantee: string): GranteeKind {
  if (grantee === "*") return "everybody";
  if (/\.amazonaws\.com(?:\.cn)?$/.test(grantee) || grantee.startsWith("AWS Internal")) {
    return "service";
  }
  if (/^\d{12}:aws:/.test(grantee)) return "resource";
  if (/^\d{12}$/.test(grantee) || /^arn:[\w-]+:iam::\d{12}:root$/.test(grantee)) return "account";
  if (!grantee.startsWith("arn:")) return "id";
  if (grantee.includes(":role/aws-service-role/")) return "service-role";
  return /:(?:user|federated-user)\//.test(grantee) ? "user" : "role";
}

function accountOf(grantee: string, kind: GranteeKind): string | undefined {
  if (kind === "resource" || /^\d{12}$/.test(grantee)) return grantee.slice(0, 12);
  return grantee.startsWith("arn:") ? accountOfPrincipal(grantee) : undefined;
}

/** Fields in the order of their names, two levels deep, which is all that constraints have. */
function inOrder(fields: Readonly<Record<string, unknown>>, depth = 2): unknown[] {
  return Object.keys(fields)
    .sort()
    .map((name) => {
      const inner = fieldsOf(fields[name]);
      if (inner === undefined || depth === 1) return [name, textOf(fields[name]) ?? ""];
      return [name, inOrder(inner, depth - 1)];
    });
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return true;
  const fields = fieldsOf(value);
  return fields !== undefined && Object.keys(fields).length === 0;
}
