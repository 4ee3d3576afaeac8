import type { KmsEvent } from "../cloudtrail/event.ts";
import type { AlertKey, AlertPrincipal } from "./alert.ts";

/** Samples kept of each kind; the contract allows 20. */
const SAMPLES = 10;

/**
 * A few of the events behind a finding. The samples are the smallest by text, so that neither the order of arrival nor the
 * batching changes them; event ids are random, which makes theirs a random sample. Plain data.
 */
export interface Evidence {
  count: number;
  ids: string[];
  addresses: string[];
  agents: string[];
  /** ARNs of keys the events were about. */
  keys: string[];
  regions: string[];
  /** Who made the event with the smallest id; null before any. */
  principal: AlertPrincipal | null;
}

export function newEvidence(): Evidence {
  return { count: 0, ids: [], addresses: [], agents: [], keys: [], regions: [], principal: null };
}

/** Counts an event and samples it. */
export function addEvidence(evidence: Evidence, event: KmsEvent): void {
  evidence.count += 1;
  const smallest = evidence.ids[0];
  keepSmallest(evidence.ids, event.eventId);
  if (evidence.ids[0] !== smallest) evidence.principal = principalOf(event);
  for (const key of event.keys) keepSmallest(evidence.keys, key.arn);
  keepSmallest(evidence.regions, event.region);
  keepSmallest(evidence.addresses, event.source.value);
  if (event.userAgent !== undefined) keepSmallest(evidence.agents, event.userAgent);
}

/** Evidence of both; the same whichever comes first. */
export function mergeEvidence(one: Evidence, other: Evidence): Evidence {
  const merged: Evidence = {
    count: one.count + other.count,
    ids: [...one.ids],
    addresses: [...one.addresses],
    agents: [...one.agents],
    keys: [...one.keys],
    regions: [...one.regions],
    principal: (other.ids[0] ?? "~") < (one.ids[0] ?? "~") ? other.principal : one.principal,
  };
  for (const key of other.keys) keepSmallest(merged.keys, key);
  for (const region of other.regions) keepSmallest(merged.regions, region);
  for (const id of other.ids) keepSmallest(merged.ids, id);
  for (const address of other.addresses) keepSmallest(merged.addresses, address);
  for (const agent of other.agents) keepSmallest(merged.agents, agent);
  return merged;
}

/** The key behind all the samples, where there is just one. */
export function soleKey(evidence: Evidence): AlertKey | null {
  const arn = evidence.keys[0];
  if (arn === undefined || evidence.keys.length > 1) return null;
  return keyOf(arn);
}

/** What an alert shows of a key, read off its ARN (`arn:partition:kms:region:account:…`). */
export function keyOf(arn: string): AlertKey {
  const [, , , region = "", accountId = ""] = arn.split(":");
  return { arn, accountId, region };
}

/** What people call a principal: the person in a permission-set role, which many share; else its short name. */
export function callerName(principal: AlertPrincipal | null, fallback = "The principal"): string {
  if (principal === null) return fallback;
  const isShared = principal.name.startsWith("AWSReservedSSO_");
  return isShared && principal.session !== null ? principal.session : principal.name;
}

/** A number with its noun: `1 call`, `2 calls`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** What an alert shows of the principal who made the call. */
export function principalOf(event: KmsEvent): AlertPrincipal {
  const { key, type, accountId, name, session, via } = event.principal;
  return {
    key,
    type,
    accountId: accountId ?? null,
    name,
    session: session ?? null,
    via: via ?? null,
  };
}

/** Adds a value to the smallest ones by text, sorted and each once, of which at most `most` are kept: which came first must not show. */
export function keepSmallest(kept: string[], value: string, most = SAMPLES): void {
  // Addresses, agents and keys are mostly those of the event before.
  if (kept.length === 1 && kept[0] === value) return;
  const last = kept[kept.length - 1];
  if (last !== undefined && kept.length >= most && value >= last) return;
  let at = kept.length;
  while (at > 0 && (kept[at - 1] ?? "") > value) at -= 1;
  if (kept[at - 1] === value) return;
  kept.splice(at, 0, value);
  if (kept.length > most) kept.pop();
}
