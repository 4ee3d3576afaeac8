import type { UsageRow } from "./store.ts";

/** Adds up the rows of each pair of key and principal: many people share a role. */
export function usageByPair(rows: readonly UsageRow[]): UsageRow[] {
  const sums = new Map<string, UsageRow>();
  for (const row of rows) {
    const pair = `${row.keyArn} ${row.principalKey}`;
    const known = sums.get(pair) ?? { ...row, count: 0 };
    sums.set(pair, {
      ...row,
      firstMs: Math.min(row.firstMs, known.firstMs),
      lastMs: Math.max(row.lastMs, known.lastMs),
      count: row.count + known.count,
    });
  }
  return [...sums.values()];
}
