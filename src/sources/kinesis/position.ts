/**
 * What is remembered of one shard, as text: `SEQUENCE@MS`, `AT:MS`, or `END@MS:CHILD,CHILD`.
 * The time says until when the shard is known to have been read: against the stream's retention it tells whether
 * anything can have been lost since.
 */
export type Position =
  | { readonly kind: "after"; readonly sequence: string; readonly throughMs: number }
  | { readonly kind: "at"; readonly throughMs: number }
  | { readonly kind: "end"; readonly throughMs: number; readonly children: readonly string[] };

/** Writes a position as text. */
export function formatPosition(position: Position): string {
  const ms = Math.floor(position.throughMs);
  if (position.kind === "after") {
    return `${position.sequence}@${ms}`;
  }
  return position.kind === "at" ? `AT:${ms}` : `END@${ms}:${position.children.join(",")}`;
}

/** Reads a position. Throws on text that no version has written: guessing would skip or repeat records. */
export function parsePosition(key: string, text: string): Position {
  const after = /^(\d{1,129})@(\d{1,16})$/.exec(text);
  if (after?.[1] !== undefined) {
    return { kind: "after", sequence: after[1], throughMs: Number(after[2]) };
  }
  const at = /^AT:(\d{1,16})$/.exec(text);
  if (at !== null) {
    return { kind: "at", throughMs: Number(at[1]) };
  }
  const end = /^END@(\d{1,16}):([a-zA-Z0-9_.,-]*)$/.exec(text);
  if (end !== null) {
    const children = (end[2] ?? "").split(",").filter((child) => child !== "");
    return { kind: "end", throughMs: Number(end[1]), children };
  }
  throw new Error(
    `${key}: not a position of a Kinesis shard: ${JSON.stringify(text.slice(0, 80))}`,
  );
}

/** Key of a shard's position. */
export function positionKey(stream: string, shardId: string): string {
  return `kinesis/${stream}/${shardId}`;
}

/** The positions of one stream's shards, by shard id. */
export function positionsOf(
  stream: string,
  positions: ReadonlyMap<string, string>,
): Map<string, Position> {
  const prefix = positionKey(stream, "");
  const found = new Map<string, Position>();
  for (const [key, text] of positions) {
    if (key.startsWith(prefix) && text !== "") {
      found.set(key.slice(prefix.length), parsePosition(key, text));
    }
  }
  return found;
}
