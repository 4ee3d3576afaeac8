import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { packed } from "../../src/store/dynamodb/text.ts";
import { monthOf, replayMonth } from "./month.ts";

/**
 * Bytes of what is remembered of one principal, key and account after a simulated month: the memory's JSON, and the same
 * compressed as the DynamoDB store keeps it. `npm run bench:memory -- [--seed 1] [--principals 200]`
 */
const { values: typed } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    principals: { type: "string", default: "200" },
  },
});
const month = await monthOf({
  seed: Number(typed.seed),
  days: 42,
  learningDays: 28,
  principals: Number(typed.principals),
});
const state = await mkdtemp(join(tmpdir(), "keyhawk-memory-"));
try {
  await replayMonth(month, { state });
  process.stdout.write(tables(memoriesOf(join(state, "keyhawk.db"))));
} finally {
  await rm(state, { recursive: true, force: true });
}

interface Memory {
  readonly kind: string;
  readonly text: string;
}

interface Written {
  readonly d: Readonly<Record<string, { readonly b: unknown; readonly h: readonly OpenHour[] }>>;
}

interface OpenHour {
  readonly limits?: unknown;
  readonly bucket: unknown;
}

function memoriesOf(file: string): Memory[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database
      .prepare("SELECT kind, memory FROM memories ORDER BY entity")
      .all()
      .map(({ kind, memory }) => ({ kind: String(kind), text: String(memory) }));
  } finally {
    database.close();
  }
}

function tables(memories: readonly Memory[]): string {
  const groups = [...Map.groupBy(memories, ({ kind }) => kind)];
  const sizes = groups.map(([kind, group]) => {
    const plain = group.map(({ text }) => Buffer.byteLength(text));
    const kept = group.map(({ text }) => packed(text).B?.length ?? Buffer.byteLength(text));
    return [kind, group.length, ...quantiles(plain), ...quantiles(kept)].join(" | ");
  });
  const parts = groups.map(([kind, group]) => partsTable(kind, group));
  const head = "kind | memories | median | p90 | p99 | compressed: median | p90 | p99";
  return `| ${head} |\n|${" --- |".repeat(8)}\n${rows(sizes)}\n${parts.join("\n")}`;
}

/** Which detectors a memory's bytes are of, the largest first: means over all memories of the kind. */
function partsTable(kind: string, group: readonly Memory[]): string {
  const sums = new Map<string, [baseline: number, limits: number, buckets: number]>();
  for (const { text } of group) {
    for (const [id, { b, h }] of Object.entries((JSON.parse(text) as Written).d)) {
      const [baseline, limits, buckets] = sums.get(id) ?? [0, 0, 0];
      sums.set(id, [
        baseline + bytes(b),
        limits + bytes(h.map((hour) => hour.limits ?? null)),
        buckets + bytes(h.map(({ bucket }) => bucket)),
      ]);
    }
  }
  const sorted = [...sums].sort(([, a], [, b]) => total(b) - total(a));
  const lines = sorted.map(([id, parts]) =>
    [id, ...parts.map((part) => Math.round(part / group.length))].join(" | "),
  );
  return `| ${kind}: detector | baseline | limits | buckets |\n|${" --- |".repeat(4)}\n${rows(lines)}`;
}

function rows(lines: readonly string[]): string {
  return lines.map((line) => `| ${line} |\n`).join("");
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

function bytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function quantiles(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return [0.5, 0.9, 0.99].map((part) => sorted[Math.floor((sorted.length - 1) * part)] ?? 0);
}
