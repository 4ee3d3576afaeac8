import { shortened } from "./format.ts";

/** A name short enough for a label, with the whole beside it for tooltips and tables. */
export interface Label {
  readonly short: string;
  readonly full: string;
}

/**
 * Label of a history entity, principal key or key ARN: the last part of an ARN, for people with the person after `#`, and
 * the last four digits of the account, since the same role exists in many.
 */
export function labelOf(entity: string, longest = 34): Label {
  const full = entity.replace(/^(?:principal|key|account):/, "");
  const [arn = full, person] = full.split("#", 2);
  const parts = arn.split(":");
  const account = parts[4] ?? "";
  const resource = parts.length >= 6 ? parts.slice(5).join(":") : arn;
  const name = nameOf(resource);
  const suffix = /^\d{12}$/.test(account) ? ` ·${account.slice(-4)}` : "";
  const whole = person === undefined ? name : `${name} / ${person}`;
  return { short: shortened(whole, longest - suffix.length) + suffix, full };
}

/** Splits `principal:arn…` into its kind and its id. */
export function kindOf(entity: string): "principal" | "key" | "account" | "other" {
  const kind = entity.slice(0, entity.indexOf(":"));
  return kind === "principal" || kind === "key" || kind === "account" ? kind : "other";
}

/** `role/aws-reserved/…/Admin` → `Admin`; `key/1234abcd-12ab-…` → `1234abcd…90ab`; `alias/app` stays. */
function nameOf(resource: string): string {
  if (resource.startsWith("alias/")) return resource;
  const last = resource.slice(resource.lastIndexOf("/") + 1);
  if (/^(?:mrk-)?[0-9a-f-]{32,36}$/.test(last)) return `${last.slice(0, 8)}…${last.slice(-4)}`;
  return last === "" ? resource : last;
}
