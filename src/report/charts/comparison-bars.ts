import type { Alert } from "../../detection/alert.ts";
import { compact } from "../format.ts";
import { html, type Markup } from "../markup.ts";
import { frame } from "./frame.ts";

export interface Comparison {
  readonly name: string;
  readonly observed: number;
  readonly expected: number;
}

const width = 560;
const rowHeight = 46;
const barSpace = 470;

/** What was seen beside what was expected, each name on its own scale; undefined where nothing can be compared. */
export function comparisonBars(id: string, alert: Alert): Markup | undefined {
  const pairs = comparisons(alert);
  if (pairs.length === 0) return undefined;
  const rows = pairs.map((pair, index) => row(pair, index * rowHeight));
  const description = pairs
    .map((pair) => `${pair.name}: observed ${pair.observed}, expected ${pair.expected}`)
    .join("; ");
  return frame(
    { id, title: "Observed and expected", description, width, height: pairs.length * rowHeight },
    html`${rows}`,
  );
}

/** Names with a number of at least 0 on both sides, at most six. */
export function comparisons({
  observed,
  expected,
}: Pick<Alert, "observed" | "expected">): Comparison[] {
  return Object.entries(observed)
    .flatMap(([name, value]) => {
      const other = expected[name];
      const fits =
        typeof value === "number" && typeof other === "number" && value >= 0 && other >= 0;
      return fits ? [{ name, observed: value, expected: other }] : [];
    })
    .slice(0, 6);
}

/** `decryptsPerHour` → `decrypts per hour`. */
export function spoken(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
}

function row(pair: Comparison, y: number): Markup {
  const most = Math.max(pair.observed, pair.expected) || 1;
  const length = (value: number) => Math.max(1.5, (value / most) * barSpace);
  const overClass = pair.observed > pair.expected ? "over" : "observed";
  const times = pair.expected > 0 ? ` · × ${compact(pair.observed / pair.expected)}` : "";
  return html`<text x="0" y="${y + 11}">${spoken(pair.name)}${times}</text>
    <rect
      class="${overClass}"
      x="0"
      y="${y + 16}"
      width="${length(pair.observed)}"
      height="10"
    /><text class="strong" x="${length(pair.observed) + 6}" y="${y + 25}"
      >${compact(pair.observed)}</text
    >
    <rect class="limit" x="0.5" y="${y + 28.5}" width="${length(pair.expected)}" height="9" /><text
      x="${length(pair.expected) + 6}"
      y="${y + 37}"
      >${compact(pair.expected)} expected</text
    >`;
}
