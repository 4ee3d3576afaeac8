import type { KmsEvent } from "../cloudtrail/event.ts";
import { addEvidence, type Evidence, newEvidence } from "./evidence.ts";

/** Calls of an hour that use a key over one account boundary, in one direction. Plain data; counting commutes. */
export interface Crossing {
  firstMs: number;
  decrypts: number;
  encrypts: number;
  denied: number;
  evidence: Evidence;
}

export function newCrossing(): Crossing {
  return {
    firstMs: Number.MAX_SAFE_INTEGER,
    decrypts: 0,
    encrypts: 0,
    denied: 0,
    evidence: newEvidence(),
  };
}

export function countCrossing(crossing: Crossing, event: KmsEvent): void {
  crossing.firstMs = Math.min(crossing.firstMs, event.timeMs);
  if (event.error !== undefined) crossing.denied += 1;
  else if (event.operation === "decrypt") crossing.decrypts += 1;
  else if (event.operation !== "read") crossing.encrypts += 1;
  addEvidence(crossing.evidence, event);
}

/** Calls that used a key and were not denied. */
export function used({ decrypts, encrypts }: Crossing): number {
  return decrypts + encrypts;
}

/** Ends the name of a crossing that only looks. */
const LOOK = ":look";

/** Whether a crossing only looks at keys. */
export function isLook(name: string): boolean {
  return name.endsWith(LOOK);
}

/**
 * `in:CALLER` or `out:KEY OWNER` for a call over an account boundary that uses a key; refused ones, and an outsider's looks, have
 * names of their own, so that nobody gets known by trying. Undefined for other calls, and for looks at keys of others.
 */
export function crossingOf(event: KmsEvent): string | undefined {
  if (event.principal.service || event.networkActivity) return undefined;
  if (event.operation === "other") return undefined;
  const isRead = event.operation === "read";
  const caller = event.principal.accountId;
  if (caller === undefined) return undefined;
  for (const { accountId } of event.keys) {
    if (accountId === "" || accountId === caller) continue;
    const isInbound = event.recipientAccountId === accountId;
    if (isRead) return isInbound && event.error === undefined ? `in:${caller}${LOOK}` : undefined;
    const name = isInbound ? `in:${caller}` : `out:${accountId}`;
    return event.error === undefined ? name : `${name}:denied`;
  }
  return undefined;
}

/** The account on the other side, out of a crossing's name. */
export function accountOfCrossing(name: string): string {
  return name.split(":")[1] ?? "";
}
