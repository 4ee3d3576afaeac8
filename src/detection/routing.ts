import type { KmsEvent } from "../cloudtrail/event.ts";
import type { EntityKind, Organization } from "./detector.ts";

/** An entity that an event is about. */
export interface Target {
  readonly kind: EntityKind;
  readonly id: string;
}

/**
 * The entities whose memories count an event.
 *
 * A cross-account call has two copies: the caller's counts for the principal, the key owner's for the key, so that neither
 * counts twice nor waits for the other. A copy that does not say whose it is counts for both. The trail of a foreign caller never
 * comes here: where the organization's accounts are listed, so that nobody is foreign only for now, the key owner's copy counts for
 * the foreign account as a principal too. Network activity events are third views and count for nobody. AWS services have no memory
 * as principals.
 */
export function route(event: KmsEvent, organization: Accounts): Target[] {
  const targets: Target[] = [];
  eachTarget(event, organization, (kind, id) => targets.push({ kind, id }));
  return targets;
}

/** Which accounts are the organization's own. */
export type Accounts = Pick<Organization, "declared" | "isOurs">;

/** As `route`, without making anything. */
export function eachTarget(
  event: KmsEvent,
  organization: Accounts,
  visit: (kind: EntityKind, id: string) => void,
): void {
  if (event.networkActivity) return;
  const { principal, recipientAccountId: recipient } = event;
  const isCallers =
    recipient === undefined ||
    principal.accountId === undefined ||
    recipient === principal.accountId ||
    (organization.declared && !organization.isOurs(principal.accountId, ALWAYS));
  if (!principal.service && isCallers) visit("principal", principal.entity);
  let previous = "";
  for (const key of event.keys) {
    const isOwners = recipient === undefined || recipient === key.accountId;
    if (isOwners && key.arn !== previous && key.arn.includes(":key/")) visit("key", key.arn);
    previous = key.arn;
  }
  const account = recipient ?? principal.accountId;
  if (account !== undefined) visit("account", account);
}

/** Of a declared organization it is known from the first hour. */
const ALWAYS = 0;

export function isSame(one: Target, other: Target): boolean {
  return one.kind === other.kind && one.id === other.id;
}

/** Name of an entity in the store: kind, colon, id. */
export function entityName(kind: EntityKind, id: string): string {
  return `${kind}:${id}`;
}

/** The entity of a name. */
export function entityOf(name: string): Target {
  const colon = name.indexOf(":");
  return { kind: name.slice(0, colon) as EntityKind, id: name.slice(colon + 1) };
}
