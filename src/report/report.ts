import { createHash } from "node:crypto";
import { hatch } from "./charts/frame.ts";
import { utcMinute } from "./format.ts";
import type { ReportInput } from "./input.ts";
import { html, type Markup, trusted } from "./markup.ts";
import { script } from "./script.ts";
import { alertSection, timelineSection } from "./sections/alerts.ts";
import { guideSection } from "./sections/guide.ts";
import { healthSection } from "./sections/health.ts";
import { overview, tiles } from "./sections/overview.ts";
import { rhythmSection } from "./sections/rhythm.ts";
import { usageSection } from "./sections/usage.ts";
import { volumeSection } from "./sections/volume.ts";
import { style } from "./style.ts";
import { type Detail, viewOf } from "./view.ts";

/** Largest page in bytes: small enough for a mail and for every browser. */
export const mostReportBytes = 5_000_000;

/**
 * Content security policy of every report (W3C CSP Level 3): nothing may be loaded, and of styles and scripts only the two of
 * this project, by hash. A server that hands out a report should send it as a header as well.
 */
export const reportPolicy: string = [
  "default-src 'none'",
  `style-src '${hashOf(style)}'`,
  `script-src '${hashOf(script)}'`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/**
 * One self-contained HTML page for people: no resource beside it, readable without scripts, at most `mostReportBytes`. Of large
 * inputs less is drawn in full, and the page says how much was left out.
 */
export function renderReport(input: ReportInput): string {
  let page = "";
  for (const detail of details) {
    page = renderPage(input, detail).text;
    if (Buffer.byteLength(page) <= mostReportBytes) break;
  }
  return page;
}

/** From rich to lean; the last fits with the longest strings that `html` lets through. */
const details: readonly Detail[] = [
  { alerts: 200, alertCharts: 60, accounts: 12, heatMaps: 12, principals: 40, keys: 36 },
  { alerts: 120, alertCharts: 30, accounts: 8, heatMaps: 9, principals: 30, keys: 30 },
  { alerts: 40, alertCharts: 10, accounts: 4, heatMaps: 6, principals: 20, keys: 20 },
  { alerts: 12, alertCharts: 3, accounts: 2, heatMaps: 2, principals: 10, keys: 10 },
];

const sections: readonly (readonly [string, string])[] = [
  ["alerts", "Alerts"],
  ["volume", "Volume"],
  ["rhythm", "Rhythm"],
  ["usage", "Who uses which key"],
  ["health", "Health"],
  ["guide", "How to read"],
];

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20'%3E%3Cpath d='M10 1 18 5.5v9L10 19l-8-4.5v-9z' fill='%231f5a96'/%3E%3C/svg%3E";

function renderPage(input: ReportInput, detail: Detail): Markup {
  const view = viewOf(input, detail);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${trusted(reportPolicy)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta name="color-scheme" content="light dark" />
        <meta name="generator" content="Keyhawk" />
        <title>${input.title} · Keyhawk</title>
        <link rel="icon" href="${trusted(icon)}" />
        ${inline("style", style)}
      </head>
      <body>
        <a class="skip" href="#alerts">Skip to the alerts</a>
        ${hatch}
        <div class="page">
          ${overview(view)}
          <nav aria-label="Sections">
            <ul>
              ${sections.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}
            </ul>
          </nav>
          <main>
            ${tiles(view)} ${alertSection(view)} ${timelineSection(view)} ${volumeSection(view)}
            ${rhythmSection(view)} ${usageSection(view)} ${healthSection(view)} ${guideSection()}
          </main>
          <footer>
            Made ${utcMinute(input.generatedAt)} UTC by Keyhawk. This page loads nothing and sends
            nothing.
          </footer>
        </div>
        ${inline("script", script)}
      </body>
    </html> `;
}

/** The element's content is the text and not one space more, or its hash would not be the one that the policy names. */
function inline(element: "style" | "script", content: string): Markup {
  return trusted(`<${element}>${content}</${element}>`);
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
