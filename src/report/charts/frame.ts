import { html, type Markup } from "../markup.ts";

export interface Frame {
  /** Unique on the page; letters, digits and hyphens. */
  readonly id: string;
  readonly title: string;
  /** What the chart shows, in a sentence with numbers. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  /** `wide-chart` and `mid-chart` keep a least width and scroll in their own box; `fixed-chart` is drawn at its size. */
  readonly kind?: "wide-chart" | "mid-chart" | "fixed-chart";
}

/** An SVG image with a name and a description; what is inside is not read aloud, the table twin is. */
export function frame(
  { id, title, description, width, height, kind }: Frame,
  content: Markup,
): Markup {
  const size = kind === "fixed-chart" && html` width="${width}" height="${height}"`;
  return html`<svg
    class="chart ${kind ?? ""}"
    role="img"
    viewBox="0 0 ${width} ${height}"
    ${size}
    aria-labelledby="${id}-t ${id}-d"
  >
    <title id="${id}-t">${title}</title>
    <desc id="${id}-d">${description}</desc>
    ${content}
  </svg>`;
}

/** The hatching for gaps and for reasons that lower a score; defined once on the page. */
export const hatch: Markup = html`<svg
  width="0"
  height="0"
  aria-hidden="true"
  class="visually-hidden"
>
  <defs>
    <pattern
      id="hatch"
      width="5"
      height="5"
      patternUnits="userSpaceOnUse"
      patternTransform="rotate(45)"
    >
      <path class="hatch" d="M0 0V5" />
    </pattern>
  </defs>
</svg>`;
