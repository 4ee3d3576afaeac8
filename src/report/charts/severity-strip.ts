import { type Severity, severities } from "../../detection/alert.ts";
import { count } from "../format.ts";
import { html, type Markup } from "../markup.ts";
import { frame } from "./frame.ts";

export type SeverityCounts = Readonly<Record<Severity, number>>;

export interface Segment {
  readonly severity: Severity;
  readonly count: number;
  readonly x: number;
  readonly width: number;
}

const width = 1_120;
const height = 18;

/** Alerts by severity as one bar, the most severe first. */
export function severityStrip(counts: SeverityCounts): Markup {
  const segments = severitySegments(counts, width);
  const parts = segments.map(
    ({ severity, count: n, x, width: w }) =>
      html`<rect
        data-tip
        class="s${severities.indexOf(severity)}"
        x="${x}"
        y="0"
        width="${Math.max(0, w - 1.5)}"
        height="${height}"
        ><title>${severity}: ${count(n)}</title></rect
      >`,
  );
  const description = segments.map((each) => `${each.severity} ${each.count}`).join(", ");
  return frame(
    { id: "severity-strip", title: "Alerts by severity", description, width, height },
    html`${parts}`,
  );
}

/** Where each severity lies on a bar of that width: widths are in proportion and add up to it. */
export function severitySegments(counts: SeverityCounts, totalWidth: number): Segment[] {
  const total = severities.reduce((sum, severity) => sum + counts[severity], 0);
  let x = 0;
  return severities
    .toReversed()
    .filter((severity) => counts[severity] > 0)
    .map((severity) => {
      const segment = {
        severity,
        count: counts[severity],
        x,
        width: (counts[severity] / total) * totalWidth,
      };
      x += segment.width;
      return segment;
    });
}
