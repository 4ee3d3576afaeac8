import { type Alert, leastScores, severities } from "../../detection/alert.ts";
import { html, type Markup } from "../markup.ts";
import { frame } from "./frame.ts";

export interface ReasonBar {
  readonly text: string;
  /** Points of the score, negative where a reason lowers it. */
  readonly points: number;
  readonly from: number;
  readonly to: number;
}

const width = 560;
const height = 34;
const bandStarts = severities.slice(1).map((severity) => leastScores[severity]);

/** The score as a sum: one segment a reason; reasons that lower it are hatched, back from the end. */
export function scoreBar(id: string, alert: Alert): Markup {
  const bars = reasonBars(alert.reasons);
  const most = Math.max(100, ...bars.map((bar) => Math.max(bar.from, bar.to)));
  const at = (points: number) => (points / most) * width;
  const segments = bars.map((bar, index) => {
    const x = at(Math.min(bar.from, bar.to));
    const w = Math.max(0.5, at(Math.abs(bar.to - bar.from)) - 1);
    return html`<rect
      data-tip
      class="${reasonClass(bar, index)}"
      x="${x}"
      y="4"
      width="${w}"
      height="14"
      ><title>${signed(bar.points)} ${bar.text}</title></rect
    >`;
  });
  const bands = bandStarts.map(
    (start) =>
      html`<path class="axis" d="M${at(start)} 20V23" /><text
          x="${at(start)}"
          y="33"
          text-anchor="middle"
          >${start}</text
        >`,
  );
  const description = `Score ${alert.score} of 100: ${bars.map((bar) => `${signed(bar.points)} ${bar.text}`).join("; ")}`;
  return frame(
    { id, title: "Score by reason", description, width, height },
    html`<rect class="track" x="0" y="4" width="${at(100)}" height="14" />${segments}${bands}`,
  );
}

/** Reasons laid end to end: the last ends at the sum of all weights × 100. Those that lower the score come last. */
export function reasonBars(reasons: Alert["reasons"]): ReasonBar[] {
  let end = 0;
  return inOrder(reasons).map(({ text, weight }) => {
    const from = end;
    end += weight * 100;
    return { text, points: weight * 100, from, to: end };
  });
}

/** Class of the segment of a reason; the sixth and later look alike. */
export function reasonClass(bar: ReasonBar, index: number): string {
  return bar.points < 0 ? "minus" : `r${Math.min(5, index)}`;
}

/** `+42`, `−8`. */
export function signed(points: number): string {
  const rounded = Math.round(points);
  return rounded < 0 ? `−${-rounded}` : `+${rounded}`;
}

/** A thin bar of the score alone, for lists. */
export function scoreMeter(score: number, rank: number): Markup {
  const part = Math.min(100, Math.max(0, score));
  return html`<svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
    <rect class="track" width="100" height="8" />
    <rect class="s${rank}" width="${part}" height="8" />
  </svg>`;
}

function inOrder(reasons: Alert["reasons"]): Alert["reasons"] {
  return reasons.toSorted((a, b) => b.weight - a.weight);
}
