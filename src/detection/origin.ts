import { memoize } from "../cloudtrail/memo.ts";
import type { KmsEvent } from "../cloudtrail/event.ts";
import type { Reason } from "./detector.ts";
import type { Evidence } from "./evidence.ts";

/**
 * The network that a direct call came from: the VPC endpoint's id, the first 16 bits of an IPv4 address, the first 48 of
 * an IPv6 address (what a site is given, RFC 6177). So wide, that machines of one NAT pool or subnet share it. Undefined for
 * calls by services, and where no address is known.
 */
export function networkOf(event: KmsEvent): string | undefined {
  if (event.principal.via !== undefined) return undefined;
  if (event.vpcEndpointId?.startsWith("vpce-") === true) return event.vpcEndpointId;
  return event.source.kind === "address" ? prefixOf(event.source.value) : undefined;
}

/** Address on the Internet of a direct call; undefined for private ones, for those of IPv6, which hosts change, and behind a VPC endpoint. */
export function publicAddressOf({ vpcEndpointId, source }: KmsEvent): string | undefined {
  if (vpcEndpointId !== undefined || source.kind !== "address") return undefined;
  return source.value.includes(":") || PRIVATE.test(source.value) ? undefined : source.value;
}

/**
 * The family of a direct call's client: SDK, command line, tool or browser, without versions, and where it runs (Lambda,
 * ECS …) if it says so. Undefined for calls by services, and where no user agent is known.
 */
export function clientOf(event: KmsEvent): string | undefined {
  if (event.principal.via !== undefined || event.userAgent === undefined) return undefined;
  return familyOf(event.userAgent);
}

/**
 * The operating system for penetration tests that a user agent names, if any: the three that GuardDuty's PenTest findings
 * look for.
 */
export function attackSystemOf(event: KmsEvent): string | undefined {
  return ATTACK_SYSTEM.exec(event.userAgent?.toLowerCase() ?? "")?.[1];
}

const ATTACK_SYSTEM = /(?:^|[^a-z])(kali|parrot|pentoo)(?:[^a-z]|$)/;
/** RFC 1918 and 6598, loopback, link-local. */
const PRIVATE =
  /^(?:10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./;
const MOST_REMEMBERED = 10_000;
const LONGEST_CLIENT = 40;

const prefixOf = memoize(computePrefix, MOST_REMEMBERED);
const familyOf = memoize(computeFamily, MOST_REMEMBERED);

function computePrefix(address: string): string {
  if (!address.includes(":")) {
    const [first = "", second = ""] = address.split(".");
    return `${first}.${second}.0.0/16`;
  }
  const [head = "", tail] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: zeros }, () => "0"), ...after];
  return `${groups.slice(0, 3).join(":")}::/48`;
}

/** By what a user agent holds, the telling ones first: Terraform's and boto's name an SDK or a command line as well. */
const CLIENTS: readonly (readonly [RegExp, string])[] = [
  [/terraform/, "terraform"],
  [/pulumi/, "pulumi"],
  [/aws-cli/, "aws-cli"],
  [/boto/, "boto"],
  [/aws-sdk-(?:js|nodejs)/, "aws-sdk-js"],
];
const SDK = /aws-sdk-[a-z]+/;
const PLACE = /exec-env\/([a-z_]*[a-z])/;

function computeFamily(userAgent: string): string {
  const text = userAgent.toLowerCase();
  const client =
    CLIENTS.find(([pattern]) => pattern.test(text))?.[1] ?? SDK.exec(text)?.[0] ?? firstName(text);
  const place = PLACE.exec(text)?.[1];
  // `AWS_Lambda_python3.12` names the runtime too, which changes with each upgrade.
  return place === undefined ? client : `${client} in ${place.split("_").slice(0, 2).join(" ")}`;
}

function firstName(text: string): string {
  if (text.includes("mozilla/")) return "browser";
  return (/[^\s[\]/,;]+/.exec(text)?.[0] ?? "unknown").slice(0, LONGEST_CLIENT);
}

/** What the credentials and the client say of a caller with anything new, beside what is new. */
export function callerReasons(
  { evidence, attackSystem }: { readonly evidence: Evidence | null; readonly attackSystem: string },
  isOnlyNetwork: boolean,
): Reason[] {
  const reasons: Reason[] = [];
  if (isOnlyNetwork && evidence?.principal?.type === "IAMUser") {
    const text = "Long-lived keys of an IAM user: whoever has them may use them from anywhere.";
    reasons.push({ code: "long-term-keys", text, points: 8 });
  }
  if (attackSystem !== "") {
    const text = `The client runs on ${attackSystem}, a system for penetration tests.`;
    reasons.push({ code: "attack-system", text, points: 20 });
  }
  return reasons;
}
