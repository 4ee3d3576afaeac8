import { parentPort } from "node:worker_threads";
import { nodePlatform } from "../node-platform.ts";
import { writeTable } from "./event-table.ts";
import { parseItem } from "./parse-items.ts";
import type { ParseAnswer, ParseRequest, SentResult } from "./parser.ts";

/** What a worker thread of `createParser` does: it answers requests one after the other. */
let work = Promise.resolve();

parentPort?.on("message", (request: ParseRequest) => {
  work = work.then(() => answer(request));
});

async function answer({ id, items, settings }: ParseRequest): Promise<void> {
  const options = { ...settings, platform: nodePlatform };
  const results: SentResult[] = [];
  for (const item of items) {
    const { events, ...rest } = await parseItem(item, options);
    results.push({ ...rest, table: writeTable(events) });
  }
  const message: ParseAnswer = { id, results };
  const payloads = results.flatMap(({ rejected }) => rejected.map(({ payload }) => payload));
  parentPort?.postMessage(message, payloads.map(bufferOf));
}

/** Payloads are copies of their own (`parseItem`), so that they can be handed over. */
function bufferOf({ buffer }: Uint8Array): ArrayBuffer {
  if (!(buffer instanceof ArrayBuffer)) throw new TypeError("a payload must own its bytes");
  return buffer;
}
