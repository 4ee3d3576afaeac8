import { clockTime } from "../../baseline/calendar.ts";
import type { Severity } from "../../detection/alert.ts";
import { compact, count, plural, utcDay, utcHour } from "../format.ts";
import { downsample, type HourRange, hourMs, isOver, type SeriesHour } from "../hours.ts";
import { html, type Markup, pathData } from "../markup.ts";
import { frame, type Frame } from "./frame.ts";
import { linear, type Scale, ticks } from "./scale.ts";
import { severityShape } from "./severity-mark.ts";

export interface HourSeries extends Pick<Frame, "id" | "title" | "width" | "height" | "kind"> {
  /** Every hour of the range, gaps included (`fillHours`). */
  readonly hours: readonly SeriesHour[];
  readonly marks: readonly SeriesMark[];
  /** Event time to outline: what an alert is about. Milliseconds. */
  readonly window?: { readonly startMs: number; readonly endMs: number };
}

export interface SeriesMark {
  readonly timeMs: number;
  readonly severity: Severity;
  readonly text: string;
}

const margin = { left: 46, right: 8, top: 20, bottom: 22 };

/**
 * Calls an hour as columns over what was expected and the limit. What rises over the limit is drawn in another colour; hours in
 * which nothing was seen at all are hatched.
 */
export function hourSeries(series: HourSeries): Markup {
  const { hours, width, height } = series;
  const [first] = hours;
  const last = hours.at(-1);
  if (first === undefined || last === undefined) return html``;
  const range = { fromHour: first.hour, toHour: last.hour + 1 };
  const sampled = downsample(hours, width - margin.left - margin.right);
  const binHours = Math.ceil(hours.length / sampled.length);
  const x = linear(range.fromHour, range.toHour, margin.left, width - margin.right);
  const steps = ticks(Math.max(1, ...sampled.map(highest)), 3);
  const y = linear(0, steps.at(-1) ?? 1, height - margin.bottom, margin.top);
  const end = (hour: SeriesHour) => Math.min(hour.hour + binHours, range.toHour);
  const content = html`${grid(steps, y, width)}${timeAxis(range, x, height)}
    <path class="room" d="${pathData(stepArea(sampled, end, (hour) => hour.limit, x, y))}" />
    ${gaps(sampled, end, x, height)}<path
      class="observed"
      d="${pathData(stepArea(sampled, end, (hour) => hour.events ?? null, x, y))}"
    />
    <path class="over" d="${pathData(overPath(sampled, end, x, y))}" />
    <path class="limit" d="${pathData(stepLine(sampled, end, (hour) => hour.limit, x, y))}" /><path
      class="expected"
      d="${pathData(stepLine(sampled, end, (hour) => hour.expected, x, y))}"
    />
    ${outline(series.window, x, y)}${hits(sampled, end, x, height)}${marksAbove(series.marks, range, x)}`;
  return frame({ ...series, description: describe(hours, series.marks.length, binHours) }, content);
}

/** The series in a sentence: also said of what downsampling did. */
export function describe(hours: readonly SeriesHour[], alerts: number, binHours: number): string {
  const seen = hours.filter((hour) => hour.events !== undefined);
  const top = seen.reduce<SeriesHour | undefined>(
    (best, hour) => ((hour.events ?? 0) > (best?.events ?? -1) ? hour : best),
    undefined,
  );
  const parts = [
    `${plural(seen.length, "hour")} seen, ${plural(hours.length - seen.length, "hour")} without any data`,
    top !== undefined && `most ${count(top.events ?? 0)} in the hour from ${utcHour(top.hour)} UTC`,
    `${plural(seen.filter(isOver).length, "hour")} over the limit`,
    alerts > 0 && plural(alerts, "alert"),
    binHours > 1 && `each column stands for ${binHours} hours and shows the most telling one`,
  ];
  return `${parts.filter((part) => part !== false).join("; ")}.`;
}

type EndOf = (hour: SeriesHour) => number;
type ValueOf = (hour: SeriesHour) => number | null;

/** Columns from the base up to each value; where it is null, nothing. */
export function stepArea(
  hours: readonly SeriesHour[],
  end: EndOf,
  value: ValueOf,
  x: Scale,
  y: Scale,
): string {
  let path = "";
  for (const hour of hours) {
    const v = value(hour);
    if (v === null || v <= 0) continue;
    path += `M${f(x(hour.hour))} ${f(y(0))}V${f(y(v))}H${f(x(end(hour)))}V${f(y(0))}Z`;
  }
  return path;
}

/** A line in steps, broken where the value is null. */
export function stepLine(
  hours: readonly SeriesHour[],
  end: EndOf,
  value: ValueOf,
  x: Scale,
  y: Scale,
): string {
  let path = "";
  let drawing = false;
  for (const hour of hours) {
    const v = value(hour);
    if (v === null) {
      drawing = false;
      continue;
    }
    path += drawing ? `V${f(y(v))}` : `M${f(x(hour.hour))} ${f(y(v))}`;
    path += `H${f(x(end(hour)))}`;
    drawing = true;
  }
  return path;
}

function overPath(hours: readonly SeriesHour[], end: EndOf, x: Scale, y: Scale): string {
  return hours
    .filter(isOver)
    .map((hour) => {
      const right = Math.max(x(end(hour)), x(hour.hour) + 1.5);
      return `M${f(x(hour.hour))} ${f(y(hour.limit ?? 0))}V${f(y(hour.events ?? 0))}H${f(right)}V${f(y(hour.limit ?? 0))}Z`;
    })
    .join("");
}

function gaps(hours: readonly SeriesHour[], end: EndOf, x: Scale, height: number): Markup {
  const rects = joinedGaps(hours, end).map(
    ({ fromHour, toHour }) =>
      html`<rect
        data-tip
        class="gap"
        x="${x(fromHour)}"
        y="${margin.top}"
        width="${x(toHour) - x(fromHour)}"
        height="${height - margin.top - margin.bottom}"
        ><title>No data from ${utcHour(fromHour)} to ${utcHour(toHour)} UTC</title></rect
      >`,
  );
  return html`${rects}`;
}

/** Neighbouring gaps as one. */
export function joinedGaps(hours: readonly SeriesHour[], end: EndOf): HourRange[] {
  const joined: { fromHour: number; toHour: number }[] = [];
  for (const hour of hours.filter((each) => each.events === undefined)) {
    const last = joined.at(-1);
    if (last?.toHour === hour.hour) last.toHour = end(hour);
    else joined.push({ fromHour: hour.hour, toHour: end(hour) });
  }
  return joined;
}

function hits(hours: readonly SeriesHour[], end: EndOf, x: Scale, height: number): Markup {
  const rects = hours
    .filter((hour) => (hour.events ?? 0) > 0)
    .map(
      (hour) =>
        html`<rect
          data-tip
          class="hit"
          x="${x(hour.hour)}"
          y="${margin.top}"
          width="${x(end(hour)) - x(hour.hour)}"
          height="${height - margin.top - margin.bottom}"
          ><title>${spokenHour(hour)}</title></rect
        >`,
    );
  return html`${rects}`;
}

function spokenHour(hour: SeriesHour): string {
  const judged = hour.limit === null ? "" : `\nlimit ${compact(hour.limit)}`;
  const expected = hour.expected === null ? "" : `\nexpected ${compact(hour.expected)}`;
  return `${utcHour(hour.hour)} UTC\n${plural(hour.events ?? 0, "call")}${expected}${judged}`;
}

function outline(window: HourSeries["window"], x: Scale, y: Scale): Markup | false {
  if (window === undefined) return false;
  const left = x(window.startMs / hourMs);
  const right = Math.max(x(window.endMs / hourMs), left + 3);
  return html`<rect
    class="window"
    x="${left - 1}"
    y="${margin.top - 2}"
    width="${right - left + 2}"
    height="${y(0) - margin.top + 3}"
  />`;
}

function marksAbove(marks: readonly SeriesMark[], range: HourRange, x: Scale): Markup {
  const inside = marks.filter(
    ({ timeMs }) => timeMs >= range.fromHour * hourMs && timeMs < range.toHour * hourMs,
  );
  return html`${inside.map(
    (mark) =>
      html`<g data-tip
        >${severityShape(mark.severity, x(mark.timeMs / hourMs), 9, 6)}<title>
          ${mark.text}
        </title></g
      >`,
  )}`;
}

function grid(steps: readonly number[], y: Scale, width: number): Markup {
  return html`${steps.map(
    (step) =>
      html`<path class="gridline" d="M${margin.left} ${f(y(step))}H${width - margin.right}" /><text
          x="${margin.left - 6}"
          y="${y(step) + 3.5}"
          text-anchor="end"
          >${compact(step)}</text
        >`,
  )}`;
}

/** Midnights of the range, or every sixth hour of a short one, with room for each label. */
export function timeAxis(range: HourRange, x: Scale, height: number): Markup {
  const hours = range.toHour - range.fromHour;
  const wanted = Math.max(2, Math.floor((x(range.toHour) - x(range.fromHour)) / 76));
  const step =
    [3, 6, 12, 24, 48, 72, 168, 336, 720].find((each) => hours / each <= wanted) ?? 2_160;
  const labels: Markup[] = [];
  for (let hour = Math.ceil(range.fromHour / step) * step; hour < range.toHour; hour += step) {
    const midnight = hour % 24 === 0;
    const text = midnight ? utcDay(hour * hourMs) : clockTime(hour % 24);
    const anchor = x(hour) > x(range.toHour) - 30 ? "end" : "start";
    labels.push(
      html`<path class="axis" d="M${f(x(hour))} ${height - margin.bottom}v5" /><text
          x="${x(hour) + (anchor === "start" ? 2 : -2)}"
          y="${height - 6}"
          text-anchor="${anchor}"
          >${text}</text
        >`,
    );
  }
  return html`<path
      class="axis"
      d="M${f(x(range.fromHour))} ${height - margin.bottom}H${f(x(range.toHour))}"
    />${labels}`;
}

function highest(hour: SeriesHour): number {
  return Math.max(hour.events ?? 0, hour.expected ?? 0, hour.limit ?? 0);
}

function f(value: number): string {
  return value.toFixed(1);
}
