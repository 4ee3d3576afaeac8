import { inflateSync } from "node:zlib";
import type { DeadLetter } from "../../sources/source.ts";
import { type DeadLetterLimits, type PackedLetter, packLetter } from "../dead-letter.ts";
import type { DeadLetterTotals, KeptDeadLetter } from "../store.ts";
import {
  attribute,
  bytesIn,
  countIn,
  damaged,
  type Item,
  keyOf,
  numberIn,
  textIn,
} from "./item.ts";
import type { ItemReader } from "./item-reader.ts";
import {
  keyText,
  letterKey,
  lettersPartition,
  letterTotalsKey,
  letterTraceKey,
  padded,
} from "./keys.ts";
import type { Preparation } from "./store-access.ts";

/** What a table keeps; a payload always fits into its item. */
export const tableLetterLimits: DeadLetterLimits = {
  letterBytes: 256 * 1024,
  payloadBytes: 256 * 2 ** 20,
  payloads: 10_000,
  letters: 50_000,
};

/** Keeps letters, each once per origin and payload, and makes room for them by taking the oldest payloads, then letters. */
export async function keepLetters(
  preparation: Preparation,
  letters: readonly DeadLetter[],
  limits: DeadLetterLimits,
): Promise<void> {
  if (letters.length === 0) return;
  const { items, changes, nowMs } = preparation;
  const letterBytes = Math.min(limits.letterBytes, tableLetterLimits.letterBytes);
  const packed = letters.map((letter) => packLetter(letter, { letterBytes }));
  const totals = countsOf(await items.get(letterTotalsKey));
  const known = new Map<string, number>();
  for (const trace of await items.getMany(packed.map(traceKeyOf))) {
    known.set(keyText(keyOf(trace)), numberIn(trace, "id"));
  }
  const added: Listed[] = [];
  for (const letter of packed) {
    const trace = keyText(traceKeyOf(letter));
    const id = known.get(trace);
    if (id !== undefined) {
      changes.add(letterKey(id), { seenAgain: 1 });
      totals.repeated += 1;
      continue;
    }
    known.set(trace, totals.nextId);
    added.push(addLetter(preparation, letter, totals));
  }
  await dropPayloads(preparation, added, totals, limits);
  await forgetLetters(preparation, added, totals, limits);
  const values = Object.entries(totals).map(([name, value]) => [name, attribute.number(value)]);
  changes.set(letterTotalsKey, { ...Object.fromEntries(values), atMs: attribute.number(nowMs) });
}

/** The newest letters first. */
export async function newestLetters(items: ItemReader, limit: number): Promise<KeptDeadLetter[]> {
  const letters: KeptDeadLetter[] = [];
  const pageItems = Math.max(1, Math.min(limit, 1000));
  for await (const page of items.pages({ pk: lettersPartition, descending: true, pageItems })) {
    letters.push(...page.map(letterOf));
    if (letters.length >= limit) break;
  }
  return letters.slice(0, limit);
}

export async function letterTotals(items: ItemReader): Promise<DeadLetterTotals> {
  const { letters, payloads, payloadBytes, cut, dropped, repeated, forgotten } = countsOf(
    await items.get(letterTotalsKey),
  );
  return { letters, payloads, payloadBytes, cut, dropped, repeated, forgotten };
}

type Counts = { -readonly [name in keyof DeadLetterTotals]: number } & {
  nextId: number;
  /** Letters from this number on are listed, and those from the second on have their payload. */
  firstId: number;
  firstPayloadId: number;
};

function countsOf(item: Item | undefined): Counts {
  return {
    letters: countIn(item, "letters"),
    payloads: countIn(item, "payloads"),
    payloadBytes: countIn(item, "payloadBytes"),
    cut: countIn(item, "cut"),
    dropped: countIn(item, "dropped"),
    repeated: countIn(item, "repeated"),
    forgotten: countIn(item, "forgotten"),
    nextId: countIn(item, "nextId") || 1,
    firstId: countIn(item, "firstId") || 1,
    firstPayloadId: countIn(item, "firstPayloadId") || 1,
  };
}

/** A letter as far as it matters to those that must go. */
interface Listed {
  readonly id: number;
  readonly storedBytes: number;
  readonly sha256: string;
  readonly origin: string;
}

function addLetter({ changes, nowMs }: Preparation, packed: PackedLetter, totals: Counts): Listed {
  const { letter, sha256, kept, stored } = packed;
  const id = totals.nextId;
  changes.set(letterKey(id), {
    reason: attribute.text(letter.reason),
    detail: attribute.text(letter.detail),
    origin: attribute.text(letter.origin),
    bytes: attribute.number(letter.payload.length),
    sha256: attribute.text(sha256),
    kept: attribute.text(kept),
    keptMs: attribute.number(nowMs),
    storedBytes: attribute.number(stored.length),
    payload: attribute.bytes(stored),
  });
  changes.set(traceKeyOf(packed), { id: attribute.number(id) });
  totals.nextId += 1;
  totals.letters += 1;
  totals.payloads += 1;
  totals.payloadBytes += stored.length;
  totals.cut += kept === "cut" ? 1 : 0;
  return { id, storedBytes: stored.length, sha256, origin: letter.origin };
}

async function dropPayloads(
  { changes, items }: Preparation,
  added: readonly Listed[],
  totals: Counts,
  limits: DeadLetterLimits,
): Promise<void> {
  const isTooMuch = () =>
    totals.payloads > limits.payloads || totals.payloadBytes > limits.payloadBytes;
  if (!isTooMuch()) return;
  for await (const { id, storedBytes } of oldest(items, totals.firstPayloadId, added)) {
    if (!isTooMuch()) return;
    changes.remove(letterKey(id), ["payload"]);
    changes.set(letterKey(id), { kept: attribute.text("dropped") });
    totals.firstPayloadId = id + 1;
    totals.payloads -= 1;
    totals.payloadBytes -= storedBytes;
    totals.dropped += 1;
  }
}

async function forgetLetters(
  { changes, items, nowMs }: Preparation,
  added: readonly Listed[],
  totals: Counts,
  limits: DeadLetterLimits,
): Promise<void> {
  if (totals.letters <= limits.letters) return;
  for await (const { id, storedBytes, sha256, origin } of oldest(items, totals.firstId, added)) {
    if (totals.letters <= limits.letters) return;
    changes.hide(letterKey(id), nowMs, letterAttributes);
    changes.hide(letterTraceKey(sha256, origin), nowMs, ["id"]);
    totals.firstId = id + 1;
    totals.letters -= 1;
    totals.forgotten += 1;
    if (id < totals.firstPayloadId) continue;
    totals.firstPayloadId = id + 1;
    totals.payloads -= 1;
    totals.payloadBytes -= storedBytes;
  }
}

const letterAttributes =
  "reason detail origin bytes sha256 kept keptMs storedBytes payload seenAgain".split(" ");

/** Letters from a number on, those of the commit that is being prepared last. */
async function* oldest(
  items: ItemReader,
  fromId: number,
  added: readonly Listed[],
): AsyncGenerator<Listed, void, undefined> {
  const range = {
    pk: lettersPartition,
    from: padded(fromId, 12),
    attributes: ["storedBytes", "sha256", "origin"],
  };
  for await (const page of items.pages(range)) {
    for (const item of page) {
      yield {
        id: Number(keyOf(item).sk),
        storedBytes: numberIn(item, "storedBytes"),
        sha256: textIn(item, "sha256"),
        origin: textIn(item, "origin"),
      };
    }
  }
  yield* added.filter(({ id }) => id >= fromId);
}

function traceKeyOf({ sha256, letter }: PackedLetter) {
  return letterTraceKey(sha256, letter.origin);
}

function letterOf(item: Item): KeptDeadLetter {
  return {
    id: Number(keyOf(item).sk),
    reason: textIn(item, "reason") as DeadLetter["reason"],
    detail: textIn(item, "detail"),
    origin: textIn(item, "origin"),
    bytes: numberIn(item, "bytes"),
    sha256: textIn(item, "sha256"),
    kept: textIn(item, "kept") as KeptDeadLetter["kept"],
    payload: item["payload"] === undefined ? new Uint8Array() : openedPayload(item),
  };
}

function openedPayload(item: Item): Uint8Array {
  try {
    return inflateSync(bytesIn(item, "payload"));
  } catch (error) {
    throw damaged("the payload of a dead letter cannot be opened", item, error);
  }
}
