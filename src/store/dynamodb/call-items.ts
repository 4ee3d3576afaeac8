import type { CallSegment } from "../store.ts";
import { attribute, bytesIn, countIn, keyOf } from "./item.ts";
import { type ItemReader, itemsIn } from "./item-reader.ts";
import { callsKey, callsPartition, floorsKey, padded } from "./keys.ts";
import type { Preparation, StoreAccess } from "./store-access.ts";

/** Adds identities of calls to their hours. */
export async function addCalls(
  { changes, items }: Preparation,
  segments: readonly CallSegment[],
): Promise<void> {
  const byHour = new Map<number, Uint8Array[]>();
  for (const { hour, ids } of segments) {
    const known = byHour.get(hour);
    if (known === undefined) byHour.set(hour, [ids]);
    else known.push(ids);
  }
  await Promise.all(
    [...byHour].map(async ([hour, added]) => {
      const last = await lastOf(items, hour);
      let index = last.index;
      let bytes = Buffer.concat([last.ids, ...added]);
      for (; bytes.length > 0; index += 1) {
        changes.set(callsKey(hour, index), {
          ids: attribute.bytes(bytes.subarray(0, segmentBytes)),
        });
        bytes = bytes.subarray(segmentBytes);
      }
    }),
  );
}

/** All identities of calls that are not forgotten, oldest hour first. */
export async function recentCalls(items: ItemReader): Promise<CallSegment[]> {
  const from = padded(countIn(await items.get(floorsKey), "calls"), 9);
  const found = await itemsIn(items, { pk: callsPartition, from });
  return found.map((item) => ({
    hour: Number(keyOf(item).sk.split("#")[0]),
    ids: bytesIn(item, "ids"),
  }));
}

/** Removes for good what a commit has forgotten: nothing that still comes late can bring it into sight. */
export async function removeForgottenCalls(access: StoreAccess): Promise<void> {
  if (access.isWatched) return;
  const floor = countIn(await access.table.get(floorsKey), "calls");
  const keys = [];
  const range = { pk: callsPartition, to: padded(floor, 9), attributes: ["pk", "sk"] };
  for await (const page of access.table.pages(range)) keys.push(...page.map(keyOf));
  await access.table.deleteMany(keys);
}

/** The last item of an hour where there is room in it, else an empty one after it. */
async function lastOf(
  items: ItemReader,
  hour: number,
): Promise<{ index: number; ids: Uint8Array }> {
  const prefix = `${padded(hour, 9)}#`;
  for await (const page of items.pages({
    pk: callsPartition,
    prefix,
    descending: true,
    pageItems: 1,
  })) {
    const [item] = page;
    if (item === undefined) continue;
    const index = Number(keyOf(item).sk.slice(prefix.length));
    const ids = bytesIn(item, "ids");
    return ids.length < fullBytes ? { index, ids } : { index: index + 1, ids: new Uint8Array() };
  }
  return { index: 0, ids: new Uint8Array() };
}

/** An item with fewer bytes is filled up, or a quiet stream with its batches of one event would have an item per event. */
const fullBytes = 2048;
/** Most bytes of one item, a whole number of identities. */
const segmentBytes = 256 * 1024;
