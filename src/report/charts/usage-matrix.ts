import type { UsageRow } from "../../store/store.ts";
import { count, utcMinute } from "../format.ts";
import { html, type Markup } from "../markup.ts";
import { labelOf } from "../names.ts";
import { rampLevels } from "./color-ramp.ts";
import { frame } from "./frame.ts";
import { logLevel } from "./scale.ts";

export interface UsageMatrix {
  readonly rows: readonly UsageRow[];
  /** Pairs first seen at this time or later get a ring. */
  readonly newFromMs: number;
  /** Pairs that an alert is about (`pairId`) get a dot. */
  readonly alerted: ReadonlySet<string>;
}

const cell = 21;
const left = 240;
const top = 118;

/** Principals down, keys across, colour by the number of calls (logarithmic), a ring on new pairs, a dot on alerted ones. */
export function usageMatrix({ rows, newFromMs, alerted }: UsageMatrix): Markup {
  const { principals, keys } = seriate(rows);
  const columnOf = new Map(keys.map((key, index) => [key, index]));
  const rowOf = new Map(principals.map((principal, index) => [principal, index]));
  const maximum = rows.reduce((most, row) => Math.max(most, row.count), 0);
  const width = left + keys.length * cell + 70;
  const height = top + principals.length * cell + 4;
  const cells = rows.map((row) => {
    const x = left + (columnOf.get(row.keyArn) ?? 0) * cell;
    const y = top + (rowOf.get(row.principalKey) ?? 0) * cell;
    const isNew = row.firstMs >= newFromMs;
    const ring = isNew && html`<circle class="ring" cx="${x + 10}" cy="${y + 10}" r="6.5" />`;
    const dot =
      alerted.has(pairId(row)) &&
      html`<circle class="dot" cx="${x + 10}" cy="${y + 10}" r="3.2" />`;
    return html`<g data-tip
      ><rect
        class="cell m${logLevel(row.count, maximum, rampLevels)}"
        x="${x}"
        y="${y}"
        width="${cell - 1}"
        height="${cell - 1}"
        rx="2"
      />${ring}${dot}<title>${spokenPair(row, isNew)}</title></g
    >`;
  });
  const rowLabels = principals.map(
    (principal, index) =>
      html`<text x="${left - 8}" y="${top + index * cell + 14}" text-anchor="end"
        >${labelOf(principal, 36).short}<title>${principal}</title></text
      >`,
  );
  const columnLabels = keys.map((key, index) => {
    const x = left + index * cell + 12;
    return html`<text transform="translate(${x} ${top - 7}) rotate(-55)"
      >${labelOf(key, 20).short}<title>${key}</title></text
    >`;
  });
  const description = `${principals.length} principals and ${keys.length} keys; ${rows.length} pairs in use, ${rows.filter((row) => row.firstMs >= newFromMs).length} of them new.`;
  const lines = html`<path
    class="gridline"
    d="M${left} ${top - 3}H${left + keys.length * cell}"
  />`;
  return frame(
    {
      id: "usage-matrix",
      title: "Calls by principal and key",
      description,
      width,
      height,
      kind: "fixed-chart",
    },
    html`${lines}${rowLabels}${columnLabels}${cells}`,
  );
}

export function pairId(pair: Pick<UsageRow, "principalKey" | "keyArn">): string {
  return `${pair.principalKey}\n${pair.keyArn}`;
}

export interface Order {
  readonly principals: readonly string[];
  readonly keys: readonly string[];
}

/**
 * Orders rows and columns so that those used together lie together: reciprocal averaging (Hill 1973, J. Ecology 61), repeated
 * a fixed number of times from the order of size. Equal input gives equal order.
 */
export function seriate(rows: readonly UsageRow[]): Order {
  let principals = bySize(rows, (row) => row.principalKey);
  let keys = bySize(rows, (row) => row.keyArn);
  for (let round = 0; round < 24; round++) {
    keys = byCentre(
      keys,
      rows,
      (row) => row.keyArn,
      positions(principals),
      (row) => row.principalKey,
    );
    principals = byCentre(
      principals,
      rows,
      (row) => row.principalKey,
      positions(keys),
      (row) => row.keyArn,
    );
  }
  return { principals, keys };
}

type NameOf = (row: UsageRow) => string;

function bySize(rows: readonly UsageRow[], name: NameOf): string[] {
  const totals = new Map<string, number>();
  for (const row of rows) totals.set(name(row), (totals.get(name(row)) ?? 0) + row.count);
  return [...totals]
    .toSorted(([a, x], [b, y]) => y - x || a.localeCompare(b))
    .map(([each]) => each);
}

function byCentre(
  names: readonly string[],
  rows: readonly UsageRow[],
  name: NameOf,
  places: ReadonlyMap<string, number>,
  other: NameOf,
): string[] {
  const sums = new Map<string, { weight: number; place: number }>();
  for (const row of rows) {
    const sum = sums.get(name(row)) ?? { weight: 0, place: 0 };
    const weight = Math.log1p(row.count);
    sum.weight += weight;
    sum.place += weight * (places.get(other(row)) ?? 0);
    sums.set(name(row), sum);
  }
  const centre = (each: string) => {
    const sum = sums.get(each);
    return sum === undefined || sum.weight === 0 ? 0 : sum.place / sum.weight;
  };
  return names.toSorted((a, b) => centre(a) - centre(b));
}

function positions(names: readonly string[]): ReadonlyMap<string, number> {
  return new Map(names.map((name, index) => [name, index]));
}

function spokenPair(row: UsageRow, isNew: boolean): string {
  return `${labelOf(row.principalKey, 60).short}\n${labelOf(row.keyArn, 60).short}\n${count(row.count)} calls\nfirst ${utcMinute(row.firstMs)} UTC${isNew ? " (new)" : ""}\nlast ${utcMinute(row.lastMs)} UTC`;
}
