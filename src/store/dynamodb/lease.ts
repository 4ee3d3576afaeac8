import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { StoreError } from "../store.ts";
import { attribute } from "./item.ts";
import { type Head, headOf, newHead, readHead } from "./head.ts";
import { headKey } from "./keys.ts";
import type { Table } from "./table.ts";

export interface LeaseOptions {
  /** A consumer that gave no sign of life for so long has lost the table, milliseconds. */
  readonly leaseMs: number;
  readonly now: () => number;
}

/** A name that no other consumer has, and that tells people where it runs. */
export function ownerName(): string {
  return `${hostname().slice(0, 60)}/${process.pid}/${randomUUID()}`;
}

/**
 * Makes `owner` the only consumer of a table. A table whose consumer died is free after `leaseMs`: that it gives no sign of life
 * is watched from here, so that the clocks of machines need not agree. Throws `StoreError` `locked` as soon as it gives one.
 */
export async function takeLease(
  table: Table,
  owner: string,
  { leaseMs, now }: LeaseOptions,
): Promise<Head> {
  const since = new Date(now()).toISOString();
  let watched: { head: Head; fromMs: number } | undefined;
  for (;;) {
    const head = await readHead(table, now());
    if (head === undefined) {
      const item = { ...newHead, ...ownership(owner, since) };
      await table.put(item, { ConditionExpression: "attribute_not_exists(pk)" });
      // Written by this very request, perhaps, whose first answer was lost: reading tells.
      const made = await readHead(table, now());
      if (made?.owner === owner) return made;
      continue;
    }
    if (head.owner === owner) return head;
    watched ??= { head, fromMs: performance.now() };
    const isFree =
      head.owner === undefined ||
      (isSame(head, watched.head) && performance.now() - watched.fromMs > leaseMs);
    if (isFree) {
      await tryTaking(table, head, ownership(owner, since));
      continue;
    }
    if (!isSame(head, watched.head)) throw lockedError(table, head);
    await sleep(leaseMs / 20);
  }
}

/** Tells others that the owner lives; false where it has lost the table. */
export async function renewLease(table: Table, owner: string): Promise<boolean> {
  const answer = await table.update(headKey, {
    UpdateExpression: "SET beat = :beat",
    ConditionExpression: "#owner = :owner",
    ExpressionAttributeNames: { "#owner": "owner" },
    ExpressionAttributeValues: {
      ":beat": attribute.text(randomUUID()),
      ":owner": attribute.text(owner),
    },
  });
  return answer !== undefined;
}

/** Lets the table go; all of the last commit is in its place. False where it was lost before. */
export async function releaseLease(table: Table, owner: string): Promise<boolean> {
  const answer = await table.update(headKey, {
    UpdateExpression: "SET parts = :none REMOVE #owner, since, beat",
    ConditionExpression: "#owner = :owner",
    ExpressionAttributeNames: { "#owner": "owner" },
    ExpressionAttributeValues: { ":none": attribute.number(0), ":owner": attribute.text(owner) },
  });
  return answer !== undefined;
}

/** Notes that nothing is left to be done of the last commit. */
export async function settleHead(table: Table, owner: string, nowMs: number): Promise<Head> {
  const item = await table.update(headKey, {
    UpdateExpression: "SET parts = :none",
    ConditionExpression: "#owner = :owner",
    ExpressionAttributeNames: { "#owner": "owner" },
    ExpressionAttributeValues: { ":none": attribute.number(0), ":owner": attribute.text(owner) },
    ReturnValues: "ALL_NEW",
  });
  if (item === undefined) throw lockedError(table, await readHead(table, nowMs));
  return headOf(table.place, item, nowMs);
}

/** The refusal of a table that somebody else has. */
export function lockedError(table: Table, head: Head | undefined): StoreError {
  const [host, process] = head?.owner?.split("/") ?? [];
  const who =
    head?.owner === undefined
      ? "another process"
      : `process ${process} on ${host} (since ${head.since})`;
  const problem = `in use by ${who}; one consumer at a time, stop it or choose another table`;
  return new StoreError("locked", table.place, problem);
}

async function tryTaking(table: Table, head: Head, taken: ReturnType<typeof ownership>) {
  const isUnowned = head.owner === undefined;
  await table.update(headKey, {
    UpdateExpression: "SET #owner = :owner, since = :since, beat = :beat",
    ConditionExpression: isUnowned
      ? "attribute_not_exists(#owner)"
      : "#owner = :old AND beat = :oldBeat AND seq = :seq",
    ExpressionAttributeNames: { "#owner": "owner" },
    ExpressionAttributeValues: {
      ":owner": taken.owner,
      ":since": taken.since,
      ":beat": taken.beat,
      ...(isUnowned
        ? {}
        : {
            ":old": attribute.text(head.owner),
            ":oldBeat": attribute.text(head.beat ?? ""),
            ":seq": attribute.number(head.seq),
          }),
    },
  });
}

function isSame(one: Head, other: Head): boolean {
  return one.owner === other.owner && one.beat === other.beat && one.seq === other.seq;
}

function ownership(owner: string, since: string) {
  return {
    owner: attribute.text(owner),
    since: attribute.text(since),
    beat: attribute.text(randomUUID()),
  };
}
