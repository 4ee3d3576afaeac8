import { createHash } from "node:crypto";

/** Primary key of an item. */
export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/** Number of partitions over which what belongs to entities is spread; a constant of the layout. */
export const partitionCount = 32;

/** A name of the partitions of one kind, e.g. `memory#07`. DynamoDB serves each with up to 1,000 writes a second. */
export function partition(kind: SpreadKind, entity: string): string {
  return numbered(kind, fnv1a(entity) % partitionCount);
}

/** All partitions of one kind. */
export function partitions(kind: SpreadKind): string[] {
  return Array.from({ length: partitionCount }, (_, index) => numbered(kind, index));
}

type SpreadKind = "memory" | "tally" | "history" | "usage";

export const headKey: ItemKey = { pk: "head", sk: "head" };
export const engineKey: ItemKey = { pk: "engine", sk: "state" };
export const countersKey: ItemKey = { pk: "engine", sk: "counters" };
/** Hours before which recent calls and history are forgotten. */
export const floorsKey: ItemKey = { pk: "engine", sk: "floors" };
export const letterTotalsKey: ItemKey = { pk: "engine", sk: "dead-letters" };

export const positionsPartition = "positions";
export const callsPartition = "calls";
export const alertTimesPartition = "alerts";
export const suppressionsPartition = "suppressions";
export const lettersPartition = "dead-letters";
export const sinksPartition = "sinks";
export const watermarksPartition = "watermarks";
export const accountsPartition = "accounts";

export function logPartition(writer: string): string {
  return `log#${writer}`;
}

export function positionKey(source: string): ItemKey {
  return { pk: positionsPartition, sk: sortable(source) };
}

/** What only handlers keep as entities, combinations, budgets and all accounts together, is kept apart from what others keep so. */
export function memoryKey(entity: string): ItemKey {
  const kind = /^(?:combination:|budget:|account:organization$)/.test(entity) ? "tally" : "memory";
  return { pk: partition(kind, entity), sk: sortable(entity) };
}

export function segmentKey(entity: string, id: string): ItemKey {
  const { pk, sk } = memoryKey(entity);
  return { pk: `segment#${pk}#${sk}`, sk: id };
}

export function watermarkKey(lane: number): ItemKey {
  return { pk: watermarksPartition, sk: padded(lane, 4) };
}

/** Who learns into the table. */
export const learnerKey: ItemKey = { pk: "learner", sk: "learner" };
export const heardKey: ItemKey = { pk: "heard", sk: "hours" };

export function accountKey(account: string): ItemKey {
  return { pk: accountsPartition, sk: sortable(account) };
}

/** A part of a value too long for its item. */
export function partKey({ pk, sk }: ItemKey, prefix: string, index: number): ItemKey {
  return { pk: `part#${pk}#${sk}`, sk: `${prefix}#${padded(index, 4)}` };
}

export function callsKey(hour: number, index: number): ItemKey {
  return { pk: callsPartition, sk: `${padded(hour, 9)}#${padded(index, 6)}` };
}

export function alertKey(alertId: string): ItemKey {
  return { pk: `alert#${alertId}`, sk: "alert" };
}

/** Which revisions of an alert were queued for which sinks. */
export function queuedKey(alertId: string): ItemKey {
  return { pk: `alert#${alertId}`, sk: "queued" };
}

/** Newest first, then by id: the order in which alerts are listed. */
export function alertTimeKey(eventMs: number, alertId: string): ItemKey {
  return { pk: alertTimesPartition, sk: `${backwards(eventMs)}#${alertId}` };
}

/** A time so that a later one sorts before an earlier one. */
export function backwards(timeMs: number): string {
  return padded(Math.max(0, 10 ** timeDigits - 1 - Math.trunc(timeMs)), timeDigits);
}

export function suppressionKey(id: string): ItemKey {
  return { pk: suppressionsPartition, sk: sortable(id) };
}

export function settingKey(name: string): ItemKey {
  return { pk: "settings", sk: sortable(name) };
}

export function sinkKey(sink: string): ItemKey {
  return { pk: sinksPartition, sk: sortable(sink) };
}

export function outboxPartition(state: "pending" | "parked", sink: string): string {
  return `outbox#${state}#${sink}`;
}

export function outboxKey(state: "pending" | "parked", sink: string, id: number): ItemKey {
  return { pk: outboxPartition(state, sink), sk: padded(id, 16) };
}

export function letterKey(id: number): ItemKey {
  return { pk: lettersPartition, sk: padded(id, 12) };
}

/** Finds a dead letter by what makes it the same as another. */
export function letterTraceKey(sha256: string, origin: string): ItemKey {
  return { pk: `dead-letter#${sha256}`, sk: hexOf(origin) };
}

/** One item holds the hours of one day (UTC), as days since the epoch. */
export function historyKey(entity: string, day: number): ItemKey {
  return { pk: partition("history", entity), sk: `${sortable(entity)}#${padded(day, 8)}` };
}

export function usageKey(keyArn: string, principalKey: string): ItemKey {
  return { pk: partition("usage", principalKey), sk: sortable(`${keyArn} ${principalKey}`) };
}

/** The image of an item as a snapshot of commit `seq` must see it. */
export function imageKey(seq: number, { pk, sk }: ItemKey): ItemKey {
  return { pk: `image#${seq}#${pk}`, sk };
}

export function keyText({ pk, sk }: ItemKey): string {
  return `${pk}\u0000${sk}`;
}

/**
 * A name as a sort key, which sorts like the name. One with more bytes than a sort key may have is cut and gets its hash: the
 * limit is 1,024 bytes (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html).
 */
export function sortable(name: string): string {
  if (name.length <= sureCharacters) return name;
  const bytes = Buffer.from(name);
  if (bytes.length <= sortKeyBytes) return name;
  const cut = bytes.subarray(0, sortKeyBytes - 72).toString("utf8");
  return `${cut.replace(/\ufffd+$/, "")}~${hexOf(name)}`;
}

export function padded(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}

/** Room is left for the day that follows an entity in the key of its history. */
const sortKeyBytes = 1000;
/** A UTF-16 unit takes at most three bytes. */
const sureCharacters = Math.floor(sortKeyBytes / 3);
/** Until the year 33658. */
const timeDigits = 15;

function numbered(kind: SpreadKind, index: number): string {
  return `${kind}#${padded(index, 2)}`;
}

function hexOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** FNV-1a, 32 bits (https://datatracker.ietf.org/doc/html/rfc9923). */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
