import { type Severity, severities } from "../../detection/alert.ts";
import { plural, shortened, utcMinute } from "../format.ts";
import { hourMs } from "../hours.ts";
import type { AlertMark, Period } from "../input.ts";
import { html, type Markup } from "../markup.ts";
import { frame } from "./frame.ts";
import { timeAxis } from "./hour-series.ts";
import { linear } from "./scale.ts";
import { severityShape } from "./severity-mark.ts";

/** Alerts of one detector close enough in time to be drawn as one shape. */
export interface Cluster {
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
  /** The most severe of them. */
  readonly severity: Severity;
  readonly suppressed: number;
}

const width = 1_120;
const left = 178;
const laneHeight = 30;
const clusterWidth = 13;

/** When each detector fired: one lane a detector, one shape a cluster, its number beside it. */
export function alertTimeline(marks: readonly AlertMark[], period: Period): Markup {
  const lanes = lanesOf(marks);
  const height = lanes.length * laneHeight + 30;
  const range = {
    fromHour: Math.floor(period.fromMs / hourMs),
    toHour: Math.max(Math.ceil(period.toMs / hourMs), Math.floor(period.fromMs / hourMs) + 1),
  };
  const x = linear(range.fromHour, range.toHour, left, width - 12);
  const mergeMs = (clusterWidth / (width - 12 - left)) * (range.toHour - range.fromHour) * hourMs;
  const rows = lanes.map(([detector, members], index) => {
    const y = index * laneHeight + laneHeight / 2;
    const shapes = clustersOf(members, mergeMs).map((each) =>
      shape(each, x((each.fromMs + each.toMs) / 2 / hourMs), y),
    );
    return html`<text class="strong" x="0" y="${y + 4}">${shortened(detector, 24)}</text
      ><text x="${left - 14}" y="${y + 4}" text-anchor="end">${members.length}</text
      ><path class="gridline" d="M${left} ${y}H${width - 12}" />${shapes}`;
  });
  const description = lanes
    .map(([name, members]) => `${name}: ${plural(members.length, "alert")}`)
    .join("; ");
  return frame(
    {
      id: "timeline",
      title: "Alerts by detector over time",
      description,
      width,
      height,
      kind: "wide-chart",
    },
    html`${rows}${timeAxis(range, x, height)}`,
  );
}

/** Detectors by their most severe alert, then by number. */
export function lanesOf(marks: readonly AlertMark[]): [string, AlertMark[]][] {
  return [...Map.groupBy(marks, (mark) => mark.detector)].toSorted(
    ([nameA, a], [nameB, b]) =>
      worst(b) - worst(a) || b.length - a.length || nameA.localeCompare(nameB),
  );
}

/** Groups alerts whose first is less than `mergeMs` away; every alert is in exactly one. */
export function clustersOf(marks: readonly AlertMark[], mergeMs: number): Cluster[] {
  const groups: AlertMark[][] = [];
  for (const mark of marks.toSorted((a, b) => a.timeMs - b.timeMs)) {
    const group = groups.at(-1);
    const start = group?.[0];
    if (group !== undefined && start !== undefined && mark.timeMs - start.timeMs < mergeMs)
      group.push(mark);
    else groups.push([mark]);
  }
  return groups.map((members) => ({
    fromMs: members[0]?.timeMs ?? 0,
    toMs: members.at(-1)?.timeMs ?? 0,
    count: members.length,
    severity: severities[worst(members)] ?? "informational",
    suppressed: members.filter((mark) => mark.suppressed).length,
  }));
}

function shape(cluster: Cluster, x: number, y: number): Markup {
  const muted = cluster.suppressed === cluster.count && html` class="muted-mark"`;
  const number = cluster.count > 1 && html`<text x="${x + 7}" y="${y - 4}">${cluster.count}</text>`;
  const when =
    cluster.count > 1
      ? `${utcMinute(cluster.fromMs)} to ${utcMinute(cluster.toMs)} UTC`
      : `${utcMinute(cluster.fromMs)} UTC`;
  const text = `${plural(cluster.count, "alert")}, ${cluster.count > 1 ? "up to " : ""}${cluster.severity}\n${when}${cluster.suppressed > 0 ? `\n${cluster.suppressed} muted` : ""}`;
  return html`<g data-tip${muted}
    >${severityShape(cluster.severity, x, y, 6.5)}${number}<title>${text}</title></g
  >`;
}

function worst(marks: readonly AlertMark[]): number {
  return marks.reduce((most, mark) => Math.max(most, severities.indexOf(mark.severity)), 0);
}
