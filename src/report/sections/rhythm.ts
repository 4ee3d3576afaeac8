import {
  hourOfWeek,
  type WeekCell,
  weekCells,
  weekdays,
  weekHeatMap,
} from "../charts/week-heat-map.ts";
import { figure, legend, type Table } from "../figure.ts";
import { compact, count, plural } from "../format.ts";
import { hourMs, type HourRange } from "../hours.ts";
import { html, type Markup } from "../markup.ts";
import { labelOf } from "../names.ts";
import { entityOf, type View } from "../view.ts";

/** When in the week keys are used: all accounts, then the principals that matter most. */
export function rhythmSection(view: View): Markup {
  const { range, accounts } = view;
  const head = html`<header>
    <h2>Rhythm of the week</h2>
    <p>
      Mean calls an hour by weekday and hour of the day, UTC. A machine draws an even or striped
      picture, a person office hours; an outlined cell held an alert.
    </p>
  </header>`;
  if (range === undefined) {
    return html`<section id="rhythm">
      ${head}
      <p class="empty">
        No hour has been folded yet; a week of events draws the first whole picture.
      </p>
    </section>`;
  }
  const alerted = alertedSlots(view);
  const principals = chosenPrincipals(view, new Set(alerted.keys()));
  const small = principals.slice(0, view.detail.heatMaps);
  const everyone = new Set([...alerted.values()].flatMap((slots) => [...slots]));
  const overall = weekCells(view.series(accounts, range));
  const others = principals.length - small.length;
  return html`<section id="rhythm">
    ${head}
    <div class="panel">
      ${figure({
        title: "All accounts",
        chart: weekHeatMap({
          id: "week-all",
          title: "All accounts by hour of the week",
          cells: overall,
          alerted: everyone,
          large: true,
        }),
        legend: rampLegend("fewer calls", "more calls (logarithmic)"),
        table: weekTable("All accounts: mean calls an hour", overall),
      })}
    </div>
    <div class="grid">
      ${small.map((entity, index) => smallMap(view, entity, index, range, alerted.get(entity)))}
    </div>
    ${others > 0 && html`<p class="note">and ${plural(others, "other principal")} whose hours are known, not drawn.</p>`}
  </section>`;
}

/** The colours of the ramp in order. */
export function rampLegend(from: string, to: string): Markup {
  const steps = Array.from(
    { length: 10 },
    (_, level) => html`<rect class="m${level}" x="${level * 12}" width="11" height="10" />`,
  );
  return legend([
    [html`<span>${from} </span><svg viewBox="0 0 120 10" aria-hidden="true">${steps}</svg>`, to],
  ]);
}

function smallMap(
  view: View,
  entity: string,
  index: number,
  range: HourRange,
  slots = new Set<number>(),
): Markup {
  const { short, full } = labelOf(entity, 32);
  const hours = view.series([entity], range);
  const cells = weekCells(hours);
  const calls = hours.reduce((sum, hour) => sum + (hour.events ?? 0), 0);
  const chart = weekHeatMap({
    id: `week-${index}`,
    title: `${short} by hour of the week`,
    cells,
    alerted: slots,
    large: false,
  });
  const note = `${compact(calls)} calls${slots.size > 0 ? ", with alerts" : ""}`;
  return html`<div class="panel" title="${full}">
    ${figure({ title: short, note, chart, table: weekTable(`${short}: mean calls an hour`, cells) })}
  </div>`;
}

/** Principals with alerts first, then the busiest. */
function chosenPrincipals(view: View, alerted: ReadonlySet<string>): string[] {
  const rest = view.principals.filter((entity) => !alerted.has(entity));
  return [...view.principals.filter((entity) => alerted.has(entity)), ...rest];
}

/** Hours of the week that lie in the window of an alert, by entity. */
function alertedSlots(view: View): Map<string, Set<number>> {
  const slots = new Map<string, Set<number>>();
  for (const { alert } of view.input.alerts) {
    const entity = entityOf(view, alert);
    if (entity === undefined) continue;
    const here = slots.get(entity) ?? new Set<number>();
    here.add(hourOfWeek(Math.floor(Date.parse(alert.eventTime) / hourMs)));
    slots.set(entity, here);
  }
  return slots;
}

function weekTable(caption: string, cells: readonly WeekCell[]): Table {
  const hours = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0"));
  return {
    caption,
    columns: [{ name: "UTC" }, ...hours.map((name) => ({ name, numeric: true }))],
    rows: weekdays.map((day, weekday) => [
      day,
      ...cells
        .filter((cell) => cell.weekday === weekday)
        .map(({ mean }) => (mean === undefined ? "no data" : shown(mean))),
    ]),
  };
}

function shown(mean: number): string {
  return mean >= 1_000
    ? compact(mean)
    : count(mean >= 10 ? Math.round(mean) : Math.round(mean * 10) / 10);
}
