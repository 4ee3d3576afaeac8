import { setImmediate } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { nodePlatform } from "../node-platform.ts";
import { readTable } from "./event-table.ts";
import type { EventTable } from "./event-table.ts";
import { parseItem } from "./parse-items.ts";
import type { ParseItem, Parsed, ParseSettings } from "./parse-items.ts";
import { type ParseThreads, smallBytes, startThread } from "./parse-threads.ts";

/** Opens and parses items, in worker threads where that pays. */
export interface Parser {
  /** Results in the order of the items; `size` is the sum of their stored bytes. */
  parse(items: readonly ParseItem[], size: number): Promise<Parsed[]>;
  close(): Promise<void>;
}

/** What is asked of a worker thread. */
export interface ParseRequest {
  readonly id: number;
  readonly items: readonly ParseItem[];
  readonly settings: ParseSettings;
}

/** What a worker thread answers. */
export interface ParseAnswer {
  readonly id: number;
  readonly results: readonly SentResult[];
}

/** A result on its way between threads. */
export type SentResult = Omit<Parsed, "events"> & { readonly table: EventTable };

/**
 * A parser with `jobs` worker threads. They are started when a tenth of `inProcessBytes` was asked for, and used from all of
 * it on: about what the asking thread opens while they start. Those that were `started` before are used at once. With no jobs
 * they never start.
 */
export function createParser(
  settings: ParseSettings,
  jobs: number,
  inProcessBytes = smallBytes,
  started?: ParseThreads,
): Parser {
  const openedHere = started === undefined ? inProcessBytes : 0;
  const threads: ParseThread[] = [];
  let asked = 0;
  return {
    async parse(items, size) {
      asked += size;
      if (asked > openedHere * STARTS_AT) {
        while (threads.length < jobs) {
          threads.push(new ParseThread(settings, started?.take() ?? startThread()));
        }
      }
      // Threads take a while to start: what comes in the meantime is opened here.
      if (threads.length === 0 || asked <= openedHere) return parseHere(items, settings);
      const idlest = threads.reduce((a, b) => (b.load < a.load ? b : a));
      return idlest.parse(items, size);
    },
    async close() {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

/** Share of what is opened in process after which the threads are started. */
const STARTS_AT = 0.1;

async function parseHere(items: readonly ParseItem[], settings: ParseSettings): Promise<Parsed[]> {
  const results: Parsed[] = [];
  for (const item of items) {
    results.push(await parseItem(item, { ...settings, platform: nodePlatform }));
    await setImmediate(); // Signals and timers get their turn between files.
  }
  return results;
}

interface Waiting {
  readonly size: number;
  readonly resolve: (results: Parsed[]) => void;
  readonly reject: (error: unknown) => void;
}

/** One worker thread and what it was asked. */
class ParseThread {
  /** Stored bytes and items asked for and not answered. */
  load = 0;
  readonly #settings: ParseSettings;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  constructor(settings: ParseSettings, worker: Worker) {
    this.#settings = settings;
    this.#worker = worker;
    this.#worker.on("message", (answer: ParseAnswer) => this.#settle(answer));
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", (code) => this.#fail(new Error(`parse worker ended with ${code}`)));
  }

  parse(items: readonly ParseItem[], size: number): Promise<Parsed[]> {
    const id = this.#next++;
    const request: ParseRequest = { id, items, settings: this.#settings };
    this.load += size + items.length;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { size: size + items.length, resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage(request, items.flatMap(ownedBuffer));
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle({ id, results }: ParseAnswer): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    this.load -= waiting.size;
    if (this.#waiting.size === 0) this.#worker.unref();
    waiting.resolve(results.map(({ table, ...rest }) => ({ ...rest, events: readTable(table) })));
  }

  #fail(error: unknown): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** Buffers that belong to one item alone are handed over rather than copied. */
function ownedBuffer(item: ParseItem): ArrayBuffer[] {
  if (!("data" in item)) return [];
  const { buffer, byteLength } = item.data;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}
