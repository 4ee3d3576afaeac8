import { open, rename } from "node:fs/promises";
import type { StateStore } from "../store/store.ts";
import { escapeJson } from "../telemetry.ts";
import { acceptancesOf } from "./acceptance.ts";
import { knownContextHashKey } from "./assembly.ts";
import type { ExportOptions } from "./baseline.ts";
import { type BaselineLine, baselineFileVersion, LearnedState } from "./baseline-file.ts";
import type { CommandContext } from "./options.ts";
import { writeText } from "./output.ts";
import { withStore } from "./state.ts";

const PAGE = 200;

/** `keyhawk baseline export`: all that was learned, as of one commit. Resolves to the exit status. */
export async function exportBaseline(
  options: ExportOptions,
  context: CommandContext,
): Promise<number> {
  const memories = await withStore(options, "read", (store) =>
    store.snapshot(() =>
      options.out === "-"
        ? writeAll(store, options, (text) => writeText(context.stdout, text), context.signal)
        : writeFile(store, options, context.signal),
    ),
  );
  context.log.info({ memories }, "exported");
  return 0;
}

type Put = (text: string) => Promise<void>;

/** It appears under its name when it is complete; others may not read it, it tells who does what. */
async function writeFile(
  store: StateStore,
  options: ExportOptions,
  signal: AbortSignal,
): Promise<number> {
  const draft = `${options.out}.part`;
  const file = await open(draft, "w", 0o600);
  try {
    const count = await writeAll(store, options, (text) => file.writeFile(text), signal);
    await file.sync();
    await rename(draft, options.out);
    return count;
  } finally {
    await file.close();
  }
}

async function writeAll(
  store: StateStore,
  options: ExportOptions,
  put: Put,
  signal: AbortSignal,
): Promise<number> {
  const text = await store.engineState();
  if (text === undefined) throw new Error("nothing to export: nothing was learned here yet");
  const state = LearnedState.parse(JSON.parse(text));
  const key = options.withContextKey === true ? await knownContextHashKey(store) : undefined;
  await put(
    lineOf({
      kind: "baseline",
      schemaVersion: baselineFileVersion,
      learnedUntil: new Date(state.watermarkMs).toISOString(),
      contextHashKey: key === undefined ? null : Buffer.from(key).toString("base64"),
    }) + lineOf({ kind: "engine", state }),
  );
  for (const { hits: _hits, match, ...accepted } of await acceptancesOf(store)) {
    const { detector = "", principal, key, account } = match;
    const exact = { detector, principal, key, account };
    await put(lineOf({ kind: "acceptance", ...accepted, match: exact }));
  }
  const calls = await writeCalls(store, put);
  const memories = await writeMemories(store, put, signal);
  await put(lineOf({ kind: "end", memories, calls }));
  return memories;
}

async function writeCalls(store: StateStore, put: Put): Promise<number> {
  const segments = await store.recentCalls();
  for (const { hour, ids } of segments) {
    await put(lineOf({ kind: "calls", hour, ids: Buffer.from(ids).toString("base64") }));
  }
  return segments.length;
}

async function writeMemories(store: StateStore, put: Put, signal: AbortSignal): Promise<number> {
  let count = 0;
  let last = "";
  for (;;) {
    signal.throwIfAborted();
    const page = await store.memoriesAfter(last, PAGE);
    if (page.size === 0) return count;
    let text = "";
    for (const [entity, memory] of page) {
      text += `{"kind":"memory","entity":${JSON.stringify(entity)},"memory":${memory}}\n`;
      last = entity;
    }
    await put(escapeLines(text));
    count += page.size;
  }
}

function lineOf(line: BaselineLine): string {
  return escapeLines(`${JSON.stringify(line)}\n`);
}

/** The same values, harmless on a terminal. */
function escapeLines(text: string): string {
  return text.split("\n").map(escapeJson).join("\n");
}
