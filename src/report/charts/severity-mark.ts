import { type Severity, severities } from "../../detection/alert.ts";
import { html, type Markup } from "../markup.ts";

/** One shape a severity, so that it is told without colour: dot, disc, diamond, triangle, star. */
export function severityShape(severity: Severity, x: number, y: number, radius: number): Markup {
  const fill = `s${severities.indexOf(severity)}`;
  const size = circles[severity];
  if (size !== undefined) {
    return html`<circle class="${fill}" cx="${x}" cy="${y}" r="${radius * size}" />`;
  }
  const distances = (corners[severity] ?? []).map((distance) => distance * radius);
  return html`<path class="${fill}" d="${polygon(x, y, distances)}" />`;
}

const circles: Partial<Record<Severity, number>> = { informational: 0.55, low: 0.85 };

const corners: Partial<Record<Severity, readonly number[]>> = {
  medium: [1, 1, 1, 1],
  high: [1.1, 1.1, 1.1],
  critical: [1.15, 0.5, 1.15, 0.5, 1.15, 0.5, 1.15, 0.5, 1.15, 0.5],
};

/** The severity in shape and word. */
export function severityChip(severity: Severity): Markup {
  return html`<span class="sev">${severityGlyph(severity)}${severity}</span>`;
}

export function severityGlyph(severity: Severity): Markup {
  return html`<svg viewBox="0 0 14 14" aria-hidden="true">
    ${severityShape(severity, 7, 7, 6)}
  </svg>`;
}

/** A path through points at equal angles, the first at the top, at the given distances. */
function polygon(x: number, y: number, radii: readonly number[]): string {
  const points = radii.map((radius, index) => {
    const angle = (index / radii.length) * 2 * Math.PI - Math.PI / 2;
    return `${(x + radius * Math.cos(angle)).toFixed(1)} ${(y + radius * Math.sin(angle)).toFixed(1)}`;
  });
  return `M${points.join("L")}Z`;
}
