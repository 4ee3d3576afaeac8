import type { Severity } from "../../detection/alert.ts";
import { hourSeries } from "../charts/hour-series.ts";
import { figure, legend, type Table } from "../figure.ts";
import { count, plural, utcHour, utcMinute } from "../format.ts";
import { hourMs, type HourRange, isOver, type SeriesHour } from "../hours.ts";
import { html, type Markup } from "../markup.ts";
import { labelOf } from "../names.ts";
import type { View } from "../view.ts";

const width = 1_120;

/** Calls an hour over the whole period: all accounts together, then each. */
export function volumeSection(view: View): Markup {
  const { range, accounts, detail } = view;
  const head = html`<header>
    <h2>Volume</h2>
    <p>
      KMS calls an hour, UTC, with what was expected and the limit that each hour was judged by.
    </p>
  </header>`;
  if (range === undefined || accounts.length === 0) {
    return html`<section id="volume">
      ${head}
      <p class="empty">
        No hour has been folded yet. An hour is drawn once it is over and the time allowed for late
        records has passed; keep reading, or replay older trails.
      </p>
    </section>`;
  }
  const shown = accounts.slice(0, detail.accounts);
  const others = accounts.length - shown.length;
  const overall = accounts.length > 1 && one(view, "all", "All accounts together", accounts, range);
  const each = shown.map((account, index) =>
    one(view, `v${index}`, `Account ${labelOf(account).full}`, [account], range),
  );
  return html`<section id="volume">
    ${head}
    <div class="panel">${overall}${each}${key()}</div>
    ${others > 0 && html`<p class="note">and ${plural(others, "other")} with fewer calls, not drawn; they are part of the sum above.</p>`}
  </section>`;
}

/** The key to hourly charts. */
export function key(): Markup {
  const swatch = (content: Markup) =>
    html`<svg viewBox="0 0 16 10" aria-hidden="true">${content}</svg>`;
  return legend([
    [swatch(html`<rect class="observed" width="16" height="10" />`), "calls"],
    [swatch(html`<rect class="over" width="16" height="10" />`), "over the limit"],
    [
      swatch(html`<rect class="room" width="16" height="10" /><path class="limit" d="M0 .5H16" />`),
      "room up to the limit",
    ],
    [swatch(html`<path class="expected" d="M0 5H16" />`), "expected"],
    [swatch(html`<rect class="gap" width="16" height="10" />`), "no data"],
  ]);
}

function one(
  view: View,
  id: string,
  title: string,
  accounts: readonly string[],
  range: HourRange,
): Markup {
  const hours = view.series(accounts, range);
  const marks = marksOf(view, accounts);
  const several = accounts.length > 1;
  return figure({
    title,
    note: several ? "A sum of accounts has no limit of its own." : undefined,
    chart: hourSeries({
      id,
      title: `${title}: calls an hour`,
      hours,
      marks,
      width,
      height: several ? 170 : 140,
      kind: "wide-chart",
    }),
    table: dayTable(title, hours),
  });
}

function marksOf(view: View, accounts: readonly string[]) {
  const ids = new Set(accounts.map((account) => account.slice("account:".length)));
  return view.input.alerts
    .filter(({ alert }) => alert.accountId !== null && ids.has(alert.accountId))
    .map(({ alert }): { timeMs: number; severity: Severity; text: string } => ({
      timeMs: Date.parse(alert.eventTime),
      severity: alert.severity,
      text: `${alert.severity}: ${alert.title}\n${utcMinute(alert.eventTime)} UTC`,
    }));
}

/** A line a day: hours one by one would be no help to a reader. */
function dayTable(title: string, hours: readonly SeriesHour[]): Table {
  const days = Map.groupBy(hours, (hour) => Math.floor(hour.hour / 24));
  return {
    caption: `${title}, day by day`,
    columns: [
      { name: "day, UTC" },
      { name: "calls", numeric: true },
      { name: "busiest hour" },
      { name: "calls in it", numeric: true },
      { name: "hours over the limit", numeric: true },
      { name: "hours without data", numeric: true },
    ],
    rows: [...days].map(([day, members]) => {
      const seen = members.filter((hour) => hour.events !== undefined);
      const top = seen.toSorted((a, b) => (b.events ?? 0) - (a.events ?? 0))[0];
      return [
        utcMinute(day * 24 * hourMs).slice(0, 10),
        count(seen.reduce((sum, hour) => sum + (hour.events ?? 0), 0)),
        top === undefined ? "–" : utcHour(top.hour).slice(11),
        top === undefined ? "–" : count(top.events ?? 0),
        count(seen.filter(isOver).length),
        count(members.length - seen.length),
      ];
    }),
  };
}
