import { parseJson } from "./json.ts";
import type { Part } from "./scan.ts";

/**
 * The value of a part, as parsing all of it would give it; undefined, which no JSON is, where it is not JSON. An identity seen
 * before is shared by the records that have it.
 */
export function parsePart(text: Buffer, part: Part): unknown {
  return parseAround(text, part) ?? parseJson(text.toString("utf8", part.start, part.end));
}

/** A record whose identity is known, with the rest of it parsed; undefined where all of it must be, be it that it is no JSON. */
function parseAround(text: Buffer, { start, end, identity }: Part): unknown {
  if (identity === undefined) {
    return undefined;
  }
  const { seen } = identity;
  const value = seen.valueWith(text.toString("utf8", identity.start + seen.length, identity.end));
  const before = text.toString("utf8", start, identity.start);
  const record = parseJson(`${before}null${text.toString("utf8", identity.end, end)}`);
  if (value === undefined || record === undefined) {
    return undefined;
  }
  (record as Record<string, unknown>)["userIdentity"] = value;
  return record;
}
