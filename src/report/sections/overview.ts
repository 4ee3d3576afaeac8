import { severities } from "../../detection/alert.ts";
import { severityGlyph } from "../charts/severity-mark.ts";
import { severityStrip } from "../charts/severity-strip.ts";
import { legend } from "../figure.ts";
import { compact, count, duration, plural, utcMinute } from "../format.ts";
import { bySeverity, isCountedElsewhere, type Learning, type ReportInput } from "../input.ts";
import { html, type Markup } from "../markup.ts";
import { severityCounts, type View } from "../view.ts";
import { alertAnchor } from "./alert-card.ts";

/** The head of the page: what was watched, what came of it, and where to begin. */
export function overview({ input }: View): Markup {
  return html`<header class="masthead">
    <p class="brand">${brandMark}<span>Keyhawk</span></p>
    <h1>${input.title}</h1>
    ${lead(input)}
  </header>`;
}

/** Numbers under the head. */
export function tiles({ input }: View): Markup {
  const { counters, entities, period } = input;
  const numbers: readonly (readonly [string, string, string])[] = [
    isCountedElsewhere(input)
      ? ["CloudTrail records", "–", "counted in CloudWatch"]
      : ["CloudTrail records", compact(counters.records), `${count(counters.records)} read`],
    [
      "KMS events",
      compact(counters.kmsEvents),
      `${count(counters.duplicates + counters.sharedCopies)} copies taken out`,
    ],
    ["Principals", count(entities.principals), "remembered"],
    ["Keys", count(entities.keys), "remembered"],
    ["Accounts", count(entities.accounts), "remembered"],
    ["Period", period === undefined ? "–" : duration(period.toMs - period.fromMs), "of event time"],
  ];
  return html`<dl class="tiles">
      ${numbers.map(
        ([name, value, note]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}<small>${note}</small></dd>
          </div>`,
      )}
    </dl>
    ${strip(input)}`;
}

/** Learning state in words. */
export function learningSentence({ days, neededDays }: Learning): string {
  if (days === 0) return "Nothing has been learned yet: no whole day of events was seen.";
  if (days < neededDays) {
    return `Still learning: ${count(days)} of ${plural(neededDays, "day")}. Until then few limits are set and scores are held back.`;
  }
  return `Baselines are mature: ${plural(days, "day")} seen, ${count(neededDays)} needed.`;
}

function lead(input: ReportInput): Markup {
  const { period } = input;
  const when =
    period === undefined
      ? html`No events were seen.`
      : html`From ${utcMinute(period.fromMs)} to ${utcMinute(period.toMs)} UTC.`;
  return html`<p class="lead">${verdictSentence(input)}</p>
    <p class="soft">${when} ${learningSentence(input.learning)}</p>`;
}

function verdictSentence(input: ReportInput): Markup {
  const open = input.alerts.filter(
    (each) => each.verdict === undefined && each.suppressedBy === undefined,
  );
  const first = open.toSorted(bySeverity)[0];
  if (input.counters.kmsEvents === 0 && input.marks.length === 0) {
    return html`No KMS event has been read. Check that the trail does not exclude KMS events (<code
        >keyhawk doctor</code
      >), then replay or run again.`;
  }
  if (input.marks.length === 0)
    return html`No alert. ${plural(input.counters.kmsEvents, "KMS event")} were judged.`;
  const total = plural(input.marks.length, "alert");
  if (first === undefined) return html`${total}, none of them open.`;
  const urgent = open.filter(
    ({ alert }) => alert.severity === "critical" || alert.severity === "high",
  ).length;
  const asks =
    urgent === 0
      ? "none of them high or critical"
      : `${count(urgent)} of them high or critical and open`;
  return html`${total}, ${asks}. Begin with
    <a href="#${alertAnchor(first.alert, 0)}">${first.alert.title}</a>.`;
}

function strip(input: ReportInput): Markup | false {
  if (input.marks.length === 0) return false;
  const counts = severityCounts(input.marks);
  const items = severities
    .toReversed()
    .map(
      (severity) => [severityGlyph(severity), `${severity} ${count(counts[severity])}`] as const,
    );
  return html`<div>${severityStrip(counts)}${legend(items)}</div>`;
}

const brandMark: Markup = html`<svg viewBox="0 0 20 20" aria-hidden="true">
  <path
    d="M10 1.2 17.6 5.6V14.4L10 18.8 2.4 14.4V5.6Z"
    fill="none"
    stroke="currentColor"
    stroke-width="1.5"
  />
  <circle cx="10" cy="8.6" r="2.2" fill="currentColor" />
  <path d="M10 9.5V14" stroke="currentColor" stroke-width="1.8" />
</svg>`;
