import { clockTime } from "../../baseline/calendar.ts";
import { compact } from "../format.ts";
import type { SeriesHour } from "../hours.ts";
import { html, type Markup } from "../markup.ts";
import { rampLevels } from "./color-ramp.ts";
import { frame } from "./frame.ts";
import { logLevel } from "./scale.ts";

/** One hour of the week: Monday 00:00 UTC is hour 0. */
export interface WeekCell {
  /** 0 Monday … 6 Sunday. */
  readonly weekday: number;
  readonly hourOfDay: number;
  /** Mean calls of the hours that were seen; undefined where none was. */
  readonly mean: number | undefined;
  readonly hoursSeen: number;
}

export interface WeekHeatMap {
  readonly id: string;
  readonly title: string;
  readonly cells: readonly WeekCell[];
  /** Hours of the week (0–167) in which an alert lies; they are outlined. */
  readonly alerted: ReadonlySet<number>;
  readonly large: boolean;
}

export const weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;

/** When in the week calls are made: weekdays down, hours of the day (UTC) across, colour by the mean, logarithmic. */
export function weekHeatMap({ id, title, cells, alerted, large }: WeekHeatMap): Markup {
  const [w, h, left, top] = large ? [43, 24, 46, 20] : [10, 10, 30, 14];
  const maximum = highestMean(cells);
  const rects = cells.map((cell) => {
    const x = left + cell.hourOfDay * w;
    const y = top + cell.weekday * h;
    const outlined =
      alerted.has(cell.weekday * 24 + cell.hourOfDay) &&
      html`<rect
        class="outline"
        x="${x + 0.5}"
        y="${y + 0.5}"
        width="${w - 2}"
        height="${h - 2}"
        rx="1.5"
      />`;
    const fill = cell.mean === undefined ? "gap" : `m${logLevel(cell.mean, maximum, rampLevels)}`;
    return html`<rect
        data-tip
        class="cell ${fill}"
        x="${x}"
        y="${y}"
        width="${w - 1}"
        height="${h - 1}"
        rx="1"
        ><title>${spokenCell(cell)}</title></rect
      >${outlined}`;
  });
  const days = weekdays.map(
    (day, index) =>
      html`<text x="0" y="${top + index * h + h / 2 + 3.5}"
        >${large ? day : day.slice(0, 2)}</text
      >`,
  );
  const step = large ? 3 : 6;
  const hours = Array.from({ length: 24 / step }, (_, index) => index * step).map(
    (hour) =>
      html`<text x="${left + hour * w}" y="${top - 6}">${String(hour).padStart(2, "0")}</text>`,
  );
  return frame(
    {
      id,
      title,
      description: description(cells),
      width: left + 24 * w,
      height: top + 7 * h,
      ...(large ? { kind: "wide-chart" as const } : {}),
    },
    html`${days}${hours}${rects}`,
  );
}

/** Means of the 168 hours of a week; gaps count neither as zero nor as seen. */
export function weekCells(hours: readonly SeriesHour[]): WeekCell[] {
  const sums = new Float64Array(168);
  const seen = new Uint32Array(168);
  for (const { hour, events } of hours) {
    if (events === undefined) continue;
    const slot = hourOfWeek(hour);
    sums[slot] = (sums[slot] ?? 0) + events;
    seen[slot] = (seen[slot] ?? 0) + 1;
  }
  return Array.from({ length: 168 }, (_, slot) => {
    const hoursSeen = seen[slot] ?? 0;
    const mean = hoursSeen === 0 ? undefined : (sums[slot] ?? 0) / hoursSeen;
    return { weekday: Math.floor(slot / 24), hourOfDay: slot % 24, mean, hoursSeen };
  });
}

/** 0–167 from Monday 00:00 UTC. The epoch began on a Thursday. */
export function hourOfWeek(hour: number): number {
  return (((hour + 72) % 168) + 168) % 168;
}

export function highestMean(cells: readonly WeekCell[]): number {
  return cells.reduce((most, cell) => Math.max(most, cell.mean ?? 0), 0);
}

/** `Tue 14:00`. */
export function slotName({ weekday, hourOfDay }: WeekCell): string {
  return `${weekdays[weekday] ?? ""} ${clockTime(hourOfDay)}`;
}

function spokenCell(cell: WeekCell): string {
  if (cell.mean === undefined) return `${slotName(cell)} UTC\nno data`;
  return `${slotName(cell)} UTC\n${compact(cell.mean)} calls an hour on average\n${cell.hoursSeen} such hours seen`;
}

function description(cells: readonly WeekCell[]): string {
  const busiest = cells.toSorted((a, b) => (b.mean ?? 0) - (a.mean ?? 0))[0];
  const silent = cells.filter((cell) => cell.mean === 0).length;
  if (busiest?.mean === undefined) return "No data.";
  return `Busiest ${slotName(busiest)} UTC with ${compact(busiest.mean)} calls an hour on average; ${silent} of 168 hours of the week without a call.`;
}
