import type { UsageRow } from "../../store/store.ts";
import { pairId, usageMatrix } from "../charts/usage-matrix.ts";
import { figure, legend } from "../figure.ts";
import { count, percent, plural, utcMinute } from "../format.ts";
import { html, type Markup } from "../markup.ts";
import type { View } from "../view.ts";
import { rampLegend } from "./rhythm.ts";

/** The last part of the period, in which a pair seen for the first time is called new. */
export const newShare = 0.1;

/** Who uses which key. */
export function usageSection(view: View): Markup {
  const { usage, period } = view.input;
  const head = html`<header>
    <h2>Who uses which key</h2>
    <p>
      One cell for each principal and key that met. Rows and columns are ordered so that those used
      together lie together: a cell far from the others is worth a look.
    </p>
  </header>`;
  if (usage.length === 0 || period === undefined) {
    return html`<section id="usage">
      ${head}
      <p class="empty">
        No principal has used a key yet. As soon as cryptographic calls arrive, this shows who
        depends on which key.
      </p>
    </section>`;
  }
  const alerted = alertedPairs(view);
  const newFromMs = period.toMs - (period.toMs - period.fromMs) * newShare;
  const rows = selectRows(
    usage,
    view,
    (row) => alerted.has(pairId(row)) || row.firstMs >= newFromMs,
  );
  const left = leftOut(usage, rows);
  const note = `Ring: first seen after ${utcMinute(newFromMs)} UTC, the last ${percent(newShare)} of the period. Dot: an alert is about this pair.`;
  const keys = legend([
    [
      html`<svg viewBox="0 0 14 14" aria-hidden="true">
        <circle class="ring" cx="7" cy="7" r="5.5" />
      </svg>`,
      "new pair",
    ],
    [
      html`<svg viewBox="0 0 14 14" aria-hidden="true">
        <circle class="dot" cx="7" cy="7" r="4.5" />
      </svg>`,
      "alert",
    ],
  ]);
  const table = {
    caption: "Calls by principal and key",
    columns: [
      { name: "principal" },
      { name: "key" },
      { name: "calls", numeric: true },
      { name: "first, UTC" },
      { name: "last, UTC" },
      { name: "" },
    ],
    rows: usage.map((row) => [
      html`<code>${row.principalKey}</code>`,
      html`<code>${row.keyArn}</code>`,
      count(row.count),
      utcMinute(row.firstMs),
      utcMinute(row.lastMs),
      [row.firstMs >= newFromMs && "new ", alerted.has(pairId(row)) && "alert"],
    ]),
  };
  return html`<section id="usage">
    ${head}
    <div class="panel">
      ${figure({ title: "Calls by principal and key", note, chart: usageMatrix({ rows, newFromMs, alerted }), legend: html`${rampLegend("fewer calls", "more calls (logarithmic)")}${keys}`, table })}
    </div>
    ${left !== undefined && html`<p class="note">${left}</p>`}
  </section>`;
}

/** Rows of the busiest principals and keys, with those worth a look taken in first. */
function selectRows(
  usage: readonly UsageRow[],
  view: View,
  first: (row: UsageRow) => boolean,
): UsageRow[] {
  const ordered = [
    ...usage.filter(first),
    ...usage.filter((row) => !first(row)).toSorted((a, b) => b.count - a.count),
  ];
  const principals = new Set<string>();
  const keys = new Set<string>();
  for (const row of ordered) {
    if (principals.size < view.detail.principals) principals.add(row.principalKey);
    if (keys.size < view.detail.keys) keys.add(row.keyArn);
  }
  return usage.filter((row) => principals.has(row.principalKey) && keys.has(row.keyArn));
}

function leftOut(all: readonly UsageRow[], shown: readonly UsageRow[]): string | undefined {
  if (all.length === shown.length) return undefined;
  const sum = (rows: readonly UsageRow[]) => rows.reduce((total, row) => total + row.count, 0);
  const share = percent((sum(all) - sum(shown)) / Math.max(1, sum(all)));
  return `and ${plural(all.length - shown.length, "other pair")} not drawn, with ${share} of the calls.`;
}

/** Pairs that an alert names, both sides. */
function alertedPairs(view: View): Set<string> {
  return new Set(
    view.input.alerts.flatMap(({ alert: { principal, kmsKey } }) =>
      principal === null || kmsKey === null
        ? []
        : [pairId({ principalKey: principal.key, keyArn: kmsKey.arn })],
    ),
  );
}
