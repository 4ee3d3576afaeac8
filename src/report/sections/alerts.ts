import { severities } from "../../detection/alert.ts";
import type { KeptAlert } from "../../store/store.ts";
import { alertTimeline, lanesOf } from "../charts/alert-timeline.ts";
import { severityGlyph } from "../charts/severity-mark.ts";
import { figure, legend } from "../figure.ts";
import { count, plural } from "../format.ts";
import { bySeverity } from "../input.ts";
import { html, type Markup } from "../markup.ts";
import { severityCounts, type View } from "../view.ts";
import { alertCard } from "./alert-card.ts";

/** The alerts, most severe first, each to be opened. */
export function alertSection(view: View): Markup {
  const alerts = view.input.alerts.toSorted(bySeverity).slice(0, view.detail.alerts);
  const others = Math.max(view.input.marks.length, view.input.alerts.length) - alerts.length;
  const body =
    alerts.length === 0
      ? html`<p class="empty">
          No alert in this period. Baselines need about
          ${plural(view.input.learning.neededDays, "day")} of events before they judge;
          <code>keyhawk simulate</code> and <code>keyhawk replay</code> show what an alert looks
          like.
        </p>`
      : html`${tools(alerts)}
          <div id="alert-list">
            ${alerts.map((alert, index) => alertCard(view, alert, index))}
          </div>`;
  return html`<section id="alerts">
    <header>
      <h2>Alerts</h2>
      <p>Most severe first, then newest. Open one for the numbers behind it and what to do.</p>
    </header>
    ${body}${others > 0 && html`<p class="note">and ${plural(others, "other")} not shown in full here; <code>keyhawk alerts list</code> has them all.</p>`}
  </section>`;
}

/** When each detector fired. */
export function timelineSection(view: View): Markup {
  const { marks, period } = view.input;
  if (marks.length === 0 || period === undefined) return html``;
  const items = severities
    .toReversed()
    .map((severity) => [severityGlyph(severity), severity] as const);
  const lanes = lanesOf(marks);
  const shown = lanes.slice(0, 24).flatMap(([, members]) => members);
  const columns = ["detector", "alerts", ...severities.toReversed(), "muted"];
  const table = {
    caption: "Alerts by detector and severity",
    columns: columns.map((name, index) => ({ name, numeric: index > 0 })),
    rows: lanes.map(([detector, members]) => {
      const counts = severityCounts(members);
      const muted = members.filter((mark) => mark.suppressed).length;
      return [
        detector,
        count(members.length),
        ...severities.toReversed().map((each) => count(counts[each])),
        count(muted),
      ];
    }),
  };
  const left = lanes.length > 24 ? ` ${lanes.length - 24} more detectors are in the table.` : "";
  return html`<section id="timeline-section">
    <header>
      <h2>When detectors fired</h2>
      <p>
        One lane a detector. A number beside a shape counts alerts close in time; the shape is that
        of the most severe.
      </p>
    </header>
    <div class="panel">
      ${figure({ title: "Alerts by detector over time, UTC", note: `Pale shapes are muted alerts.${left}`, chart: alertTimeline(shown, period), legend: legend(items), table })}
    </div>
  </section>`;
}

function tools(alerts: readonly KeptAlert[]): Markup {
  const detectors = [...new Set(alerts.map(({ alert }) => alert.detector))].toSorted();
  const least = severities
    .toReversed()
    .slice(0, -1)
    .map(
      (severity) =>
        html`<option value="${severities.indexOf(severity)}">
          ${severity}${severity !== "critical" && " or more"}
        </option>`,
    );
  return html`<form class="tools" id="alert-tools" hidden>
    <label
      >Find<input
        name="text"
        type="search"
        autocomplete="off"
        placeholder="principal, key, address, event id"
    /></label>
    <label
      >Severity<select name="severity">
        <option value="0" selected>all</option>
        ${least}
      </select></label
    >
    <label
      >Detector<select name="detector">
        <option value="" selected>all</option>
        ${detectors.map((each) => html`<option value="${each}">${each}</option>`)}
      </select></label
    >
    <label
      >Order<select name="order">
        <option value="severity" selected>most severe</option>
        <option value="newest">newest</option>
        <option value="oldest">oldest</option>
        <option value="score">highest score</option>
        <option value="principal">principal</option>
      </select></label
    >
    <button type="button" name="expand">Open or close all</button>
    <output aria-live="polite"></output>
  </form>`;
}
