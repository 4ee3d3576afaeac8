import type { Alert } from "../../detection/alert.ts";
import { hourSeries } from "../charts/hour-series.ts";
import { twin } from "../figure.ts";
import { count, utcHour, utcMinute } from "../format.ts";
import { hourMs, type SeriesHour } from "../hours.ts";
import { html, type Markup } from "../markup.ts";
import { labelOf } from "../names.ts";
import { entityOf, type View } from "../view.ts";

const hoursBefore = 60;
const hoursAfter = 12;
const longestHours = 24 * 14;

/** The hours around an alert of whom or what it is about; nothing where no hour of it is known. */
export function alertHours(view: View, alert: Alert, id: string): Markup | false {
  const entity = entityOf(view, alert);
  const startMs = Date.parse(alert.window.start);
  const endMs = Date.parse(alert.window.end);
  if (entity === undefined || view.range === undefined || !(endMs >= startMs)) return false;
  const last = Math.min(Math.ceil(endMs / hourMs) + hoursAfter, view.range.toHour);
  const first = Math.max(
    Math.floor(startMs / hourMs) - hoursBefore,
    view.range.fromHour,
    last - longestHours,
  );
  if (first >= last) return false;
  const hours = view.series([entity], { fromHour: first, toHour: last });
  const mark = {
    timeMs: Date.parse(alert.eventTime),
    severity: alert.severity,
    text: `this alert\n${utcMinute(alert.eventTime)} UTC`,
  };
  const title = `Calls an hour of ${labelOf(entity, 60).short}, UTC`;
  const chart = hourSeries({
    id,
    title,
    hours,
    marks: [mark],
    window: { startMs, endMs },
    width: 1_060,
    height: 150,
    kind: "wide-chart",
  });
  return html`<div class="wide">
    <h4>${title}</h4>
    <div class="scroll" tabindex="0" role="group" aria-label="${title}">${chart}</div>
    ${hourTable(title, hours)}
  </div>`;
}

function hourTable(caption: string, hours: readonly SeriesHour[]): Markup {
  const value = (number: number | null | undefined) =>
    number === null || number === undefined ? "–" : count(number);
  return twin({
    caption,
    columns: [
      { name: "hour from, UTC" },
      { name: "calls", numeric: true },
      { name: "expected", numeric: true },
      { name: "limit", numeric: true },
    ],
    rows: hours
      .filter((hour) => hour.events !== 0)
      .map((hour) => [
        utcHour(hour.hour),
        hour.events === undefined ? "no data" : count(hour.events),
        value(hour.expected),
        value(hour.limit),
      ]),
  });
}
