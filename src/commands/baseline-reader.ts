import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { detectors } from "../../detectors/index.ts";
import type { CallSegment, Suppression } from "../store/store.ts";
import {
  BaselineLine,
  baselineFileVersion,
  type LearnedMemory,
  type LearnedState,
  mostBaselineBytes,
} from "./baseline-file.ts";
import { UsageError } from "./usage-error.ts";

/** What an exported file holds. */
export interface LearnedBaseline {
  readonly contextHashKey: Uint8Array | undefined;
  readonly state: LearnedState;
  readonly calls: readonly CallSegment[];
  /** What was accepted as normal. */
  readonly acceptances: readonly Omit<Suppression, "hits">[];
  /** Entity → memory as JSON text. */
  readonly memories: ReadonlyMap<string, string>;
  /** Detectors that run here in another version than the one that learned, or under another secret of fingerprints. */
  readonly anew: ReadonlySet<string>;
}

/**
 * Reads and checks all of an exported file; `-` is stdin. `openHours` is how many hours a detector must have open, where that
 * is known. Throws `UsageError`, which names the line, the path inside it, and what was expected.
 */
export async function readBaselineFile(
  file: string,
  openHours: number | undefined,
  signal: AbortSignal,
): Promise<LearnedBaseline> {
  const reading = new Reading(openHours);
  const input = file === "-" ? process.stdin : createReadStream(file);
  let number = 0;
  try {
    for await (const line of linesOf(input, signal)) {
      number += 1;
      if (line !== "") reading.add(line, number === 1);
    }
    number += 1;
    return reading.end();
  } catch (error) {
    if (signal.aborted || !(error instanceof Error)) throw error;
    const place = error instanceof LineProblem ? `line ${number}: ` : "";
    throw new UsageError(`${file}: ${place}${error.message}`, { cause: error });
  }
}

/** What a line has wrong. */
class LineProblem extends Error {}

class Reading {
  readonly #openHours: number | undefined;
  readonly #calls: CallSegment[] = [];
  readonly #acceptances: Omit<Suppression, "hits">[] = [];
  readonly #memories = new Map<string, string>();
  readonly #anew = new Set<string>();
  #contextHashKey: Uint8Array | undefined;
  #state: LearnedState | undefined;
  #hasEnded = false;

  constructor(openHours: number | undefined) {
    this.#openHours = openHours;
  }

  add(text: string, isFirst: boolean): void {
    const value = parseLine(text, isFirst);
    if (this.#hasEnded) throw new LineProblem("expected nothing after the line of kind end");
    if (value.kind === "baseline") {
      const key = value.contextHashKey;
      this.#contextHashKey = key === null ? undefined : bytesOf(key);
    } else if (value.kind === "engine") this.#state = value.state;
    else if (value.kind === "acceptance") {
      const { kind: _kind, ...acceptance } = value;
      this.#acceptances.push(acceptance);
    } else if (value.kind === "calls")
      this.#calls.push({ hour: value.hour, ids: bytesOf(value.ids) });
    else if (value.kind === "memory") this.#addMemory(value.entity, value.memory);
    else this.#checkEnd(value.memories, value.calls);
  }

  end(): LearnedBaseline {
    if (!this.#hasEnded) throw new LineProblem("expected a line of kind end; the file is cut off");
    if (this.#state === undefined) throw new LineProblem("expected a line of kind engine before");
    return {
      contextHashKey: this.#contextHashKey,
      state: this.#state,
      calls: this.#calls,
      acceptances: this.#acceptances,
      memories: this.#memories,
      anew: this.#anew,
    };
  }

  #addMemory(entity: string, memory: LearnedMemory): void {
    if (this.#memories.has(entity)) throw new LineProblem("expected each entity once");
    for (const detector of detectors) {
      const own = memory.d[detector.id];
      if (own === undefined || !entity.startsWith(`${detector.entity}:`)) continue;
      const path = `memory.d.${detector.id}`;
      if (own.v !== detector.version) {
        this.#anew.add(detector.id);
        continue;
      }
      if (detector.learnsFingerprints === true && this.#contextHashKey === undefined) {
        this.#anew.add(detector.id);
        forget(memory, detector.id);
        continue;
      }
      checkShape(own.b, detector.newBaseline(), `${path}.b`);
      checkHours(own.h.length, this.#openHours, `${path}.h`);
    }
    this.#memories.set(entity, JSON.stringify(memory));
  }

  #checkEnd(memories: number, calls: number): void {
    const found = `${this.#memories.size} memories and ${this.#calls.length} lines of calls`;
    if (memories !== this.#memories.size || calls !== this.#calls.length) {
      throw new LineProblem(
        `expected ${memories} memories and ${calls} lines of calls, found ${found}`,
      );
    }
    this.#hasEnded = true;
  }
}

function forget(memory: LearnedMemory, detector: string): void {
  delete memory.d[detector];
  memory.a = memory.a.filter(([, alert]) => alert.detector !== detector);
}

function parseLine(text: string, isFirst: boolean): BaselineLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new LineProblem("expected a line of JSON that keyhawk baseline export wrote", {
      cause: error,
    });
  }
  const kind = textIn(value, "kind");
  if (isFirst !== (kind === "baseline")) {
    throw new LineProblem(
      isFirst
        ? "expected a line of kind baseline: keyhawk baseline export writes such files"
        : "expected one line of kind baseline, the first",
    );
  }
  const version = kind === "baseline" ? numberIn(value, "schemaVersion") : undefined;
  if (version !== undefined && version > baselineFileVersion) {
    throw new LineProblem(
      `schemaVersion: expected at most ${baselineFileVersion}, found ${version}; update Keyhawk`,
    );
  }
  const parsed = BaselineLine.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new LineProblem(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
}

/** What is new in a detector's baseline says of what kind each of its fields is. */
function checkShape(found: unknown, expected: unknown, path: string): void {
  if (expected === null) return;
  const kind = kindOf(expected);
  if (kindOf(found) !== kind)
    throw new LineProblem(`${path}: expected ${kind}, found ${kindOf(found)}`);
  if (kind !== "object" || typeof found !== "object" || found === null) return;
  for (const [name, value] of Object.entries(expected as object)) {
    const own = Object.getOwnPropertyDescriptor(found, name)?.value as unknown;
    checkShape(own, value, `${path}.${name}`);
  }
}

function checkHours(found: number, expected: number | undefined, path: string): void {
  if (expected === undefined || found === expected) return;
  throw new LineProblem(
    `${path}: learned with a lateness of ${found - 1} h, the configuration has ${expected - 1} h; ` +
      "set detection.latenessMinutes to the same",
  );
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function textIn(value: unknown, name: string): string | undefined {
  const found = valueIn(value, name);
  return typeof found === "string" ? found : undefined;
}

function numberIn(value: unknown, name: string): number | undefined {
  const found = valueIn(value, name);
  return typeof found === "number" ? found : undefined;
}

function valueIn(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, "base64"));
}

async function* linesOf(input: Readable, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let bytes = 0;
  let rest = "";
  for await (const chunk of input) {
    signal.throwIfAborted();
    const part = chunk as Uint8Array;
    bytes += part.byteLength;
    if (bytes > mostBaselineBytes) {
      throw new Error(`expected at most ${mostBaselineBytes} bytes; copy keyhawk.db instead`);
    }
    const lines = (rest + decoder.decode(part, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
