import type { Alert } from "../../detection/alert.ts";
import type { KeptAlert } from "../../store/store.ts";
import { comparisonBars, spoken } from "../charts/comparison-bars.ts";
import { reasonBars, reasonClass, scoreBar, scoreMeter, signed } from "../charts/score-bar.ts";
import { severityChip } from "../charts/severity-mark.ts";
import { plainTable, twin } from "../figure.ts";
import { count, duration, utcMinute, utcSecond } from "../format.ts";
import { rankOf } from "../input.ts";
import { html, type Markup, type Part, safeLink } from "../markup.ts";
import { labelOf } from "../names.ts";
import type { View } from "../view.ts";
import { alertHours } from "./alert-hours.ts";

/** One alert: a line that tells it, and folded under it all that is needed to judge it. */
export function alertCard(view: View, kept: KeptAlert, index: number): Markup {
  const { alert } = kept;
  const id = alertAnchor(alert, index);
  const rank = rankOf(alert.severity);
  const muted = kept.suppressedBy !== undefined ? " muted" : "";
  return html`<details
    class="alert${muted}"
    id="${id}"
    data-rank="${rank}"
    data-score="${alert.score}"
    data-time="${Date.parse(alert.eventTime)}"
    data-detector="${alert.detector}"
    data-who="${alert.principal?.key ?? alert.kmsKey?.arn ?? ""}"
  >
    <summary>
      ${severityChip(alert.severity)}<span class="name"
        >${alert.title}${tags(kept)}<span class="who">${who(alert)}</span></span
      ><span class="rate">${scoreMeter(alert.score, rank)}${alert.score}</span
      ><span class="when">${utcMinute(alert.eventTime)}</span>
    </summary>
    <div class="body">
      <p class="story wide">${alert.summary}</p>
      <div>${why(alert, `a${index}`)}</div>
      <div>${facts(kept)}</div>
      ${index < view.detail.alertCharts && alertHours(view, alert, `a${index}h`)}
      <div>${triage(alert)}</div>
      <div>${evidence(alert)}</div>
    </div>
  </details> `;
}

/** Fragment of an alert: its id, or its number where the id is no id. */
export function alertAnchor(alert: Alert, index: number): string {
  return /^[0-9a-f-]{1,40}$/.test(alert.alertId) ? `alert-${alert.alertId}` : `alert-no-${index}`;
}

function who(alert: Alert): string {
  const principal = alert.principal === null ? undefined : labelOf(alert.principal.key, 60).short;
  const session = alert.principal?.session ?? undefined;
  const key = alert.kmsKey === null ? undefined : `key ${labelOf(alert.kmsKey.arn, 40).short}`;
  const parts = [principal, session, key].filter((part) => part !== undefined);
  return parts.length > 0 ? parts.join(" · ") : `account ${alert.accountId ?? "unknown"}`;
}

function tags({ alert, verdict, suppressedBy }: KeptAlert): Markup {
  const words = [
    verdict?.verdict,
    suppressedBy !== undefined && "muted",
    alert.status === "closed" && verdict === undefined && "closed",
    (alert.baseline.maturity === "learning" || alert.baseline.maturity === "none") &&
      "still learning",
  ];
  return html`${words.map((word) => word !== undefined && word !== false && html`<span class="tag">${word}</span>`)}`;
}

function why(alert: Alert, id: string): Markup {
  const bars = reasonBars(alert.reasons);
  const lines = bars.map(
    (bar, index) =>
      html`<li>
        <svg viewBox="0 0 10 10" aria-hidden="true">
          <rect class="${reasonClass(bar, index)}" width="10" height="10" rx="2" /></svg
        ><b>${signed(bar.points)}</b><span>${bar.text}</span>
      </li>`,
  );
  const comparison = comparisonBars(`${id}c`, alert);
  return html`${
      comparison !== undefined &&
      html`<h4>Observed and expected</h4>
        ${comparison}`
    }${numbers(alert)}
    <h4>Why it scored ${alert.score} of 100</h4>
    ${scoreBar(`${id}s`, alert)}
    <ul class="reasons">
      ${lines}
    </ul>`;
}

function numbers(alert: Alert): Markup | false {
  const names = [...new Set([...Object.keys(alert.observed), ...Object.keys(alert.expected)])];
  if (names.length === 0) return false;
  const shown = (value: string | number | boolean | null | undefined) =>
    typeof value === "number" ? count(value) : String(value ?? "–");
  const table = {
    caption: "Observed and expected",
    columns: [
      { name: "" },
      { name: "observed", numeric: true },
      { name: "expected", numeric: true },
    ],
    rows: names.map((name) => [
      spoken(name),
      shown(alert.observed[name]),
      shown(alert.expected[name]),
    ]),
  };
  return twin(table);
}

function facts({ alert, verdict, suppressedBy }: KeptAlert): Markup {
  const { principal, kmsKey, baseline, window } = alert;
  const lengthMs = Date.parse(window.end) - Date.parse(window.start);
  const rows: readonly (readonly [string, Part])[] = [
    ["Event time", `${utcSecond(alert.eventTime)} UTC`],
    [
      "Window",
      `${utcMinute(window.start)} to ${utcMinute(window.end)} UTC${Number.isFinite(lengthMs) ? `, ${duration(lengthMs)}` : ""}`,
    ],
    ["Principal", principal !== null && html`<code>${principal.key}</code>`],
    [
      "Kind",
      principal !== null &&
        `${principal.type}${principal.session === null ? "" : `, session ${principal.session}`}`,
    ],
    ["Through", principal?.via ?? undefined],
    ["Key", kmsKey !== null && html`<code>${kmsKey.arn}</code>`],
    ["Account, Region", `${alert.accountId ?? "unknown"}, ${alert.region ?? "unknown"}`],
    [
      "Baseline",
      `${baseline.maturity}: ${count(baseline.daysLearned)} days, ${count(baseline.samples)} samples`,
    ],
    ["ATT&CK", alert.attack.length > 0 && html`${alert.attack.map(technique)}`],
    ["Detector", `${alert.detector} version ${alert.detectorVersion}`],
    ["Alert", html`<code>${alert.alertId}</code>, revision ${alert.revision}, ${alert.status}`],
    ["Verdict", verdict !== undefined && `${verdict.verdict} by ${verdict.by}: ${verdict.note}`],
    ["Muted by", suppressedBy],
    [
      "Links",
      Object.keys(alert.links).length > 0 && html`${Object.entries(alert.links).map(link)}`,
    ],
  ];
  return html`<h4>Facts</h4>
    <dl class="facts">
      ${rows.map(
        ([name, value]) =>
          value !== undefined &&
          value !== false &&
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>`;
}

function technique({ technique: id, name, tactic }: Alert["attack"][number]): Markup {
  const text = html`${id} ${name}`;
  const known = /^T\d{4}(?:\.\d{3})?$/.test(id);
  const page = `https://attack.mitre.org/techniques/${id.replace(".", "/")}/`;
  return html`<div>
    ${known ? html`<a href="${page}" rel="noreferrer noopener">${text}</a>` : text}
    <span class="soft">(${tactic})</span>
  </div>`;
}

function link([name, address]: [string, string]): Markup {
  const target = safeLink(address);
  if (target === undefined) return html`<div>${name}: <code>${address}</code></div>`;
  return html`<div><a href="${target}" rel="noreferrer noopener">${name}</a></div>`;
}

function triage(alert: Alert): Markup {
  const steps = alert.triage.map((step) => html`<li>${step}</li>`);
  const explain =
    /^[0-9a-f-]{1,40}$/.test(alert.alertId) &&
    html`<code class="cli">keyhawk explain ${alert.alertId}</code>`;
  return html`<h4>What to do</h4>
    ${
      steps.length > 0
        ? html`<ol class="steps">
            ${steps}
          </ol>`
        : html`<p class="soft">This detector names no steps.</p>`
    }${explain}${lookup(alert)}`;
}

/** The AWS command that shows the first event; only for values that mean nothing to a shell. */
function lookup({ evidence, region }: Alert): Markup | false {
  const eventId = evidence.eventIds.find((each) =>
    /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(each),
  );
  if (eventId === undefined || region === null || !/^[a-z]{2}(?:-[a-z]+)+-\d$/.test(region))
    return false;
  const command = `aws cloudtrail lookup-events --region ${region} \\
  --lookup-attributes AttributeKey=EventId,AttributeValue=${eventId}`;
  return html`<code class="cli">${command}</code>`;
}

function evidence({ evidence }: Alert): Markup {
  const groups: readonly (readonly [string, readonly string[]])[] = [
    ["source addresses", evidence.sourceAddresses],
    ["user agents", evidence.userAgents],
    ["event ids", evidence.eventIds],
  ];
  const rows = groups
    .filter(([, samples]) => samples.length > 0)
    .map(([name, samples]): Part[] => [
      name,
      html`<ul class="samples">
        ${samples.slice(0, 20).map((each) => html`<li><code>${each}</code></li>`)}
      </ul>`,
    ]);
  return html`<h4>Evidence: ${count(evidence.eventCount)} events, samples</h4>
    ${plainTable({ caption: "Samples of the evidence", columns: [{ name: "what" }, { name: "samples" }], rows })}`;
}
