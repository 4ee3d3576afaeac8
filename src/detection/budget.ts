import { DAY_HOURS, dayOf, HOUR_MS, hourOf } from "../baseline/calendar.ts";
import { type Alert, severities, severityOf } from "./alert.ts";
import type { Finding } from "./detector.ts";
import { newEvidence } from "./evidence.ts";
import type { ConfiguredDetector } from "./memory.ts";
import { alertIdOf, renderAlert } from "./render.ts";

export interface BudgetOptions {
  readonly detectors: readonly ConfiguredDetector[];
  readonly openHours: number;
  /** Notices do not speak of an earlier event time. */
  readonly learnUntilMs: number | undefined;
  readonly replay: boolean;
}

/** What is remembered of the alerts of one detector and one UTC day of event time. */
interface Day {
  readonly detector: string;
  readonly day: number;
  readonly alerts: Map<string, Counted>;
  /** How many times the number of alerts has doubled beyond the budget; −1 while it is kept. */
  level: number;
}

interface Counted {
  /** Whether it is sent. */
  sent: boolean;
  /** Whether it is sure to belong to this day. */
  sure: boolean;
  /** Number of its severity, the mildest 0: the gravest so far. */
  severity: number;
}

export type WrittenBudget = readonly {
  readonly detector: string;
  readonly day: number;
  readonly alerts: readonly (readonly [string, sent: boolean, sure: boolean, severity: number])[];
  readonly level: number;
}[];

/** Alerts of a detector and day that are told apart; how many more there were is not counted. */
const MOST_ALERTS = 2000;
const NOTICE = {
  id: "alert-budget",
  version: 1,
  attack: [],
  triage: [
    "List what was kept back: keyhawk alerts list --detector DETECTOR --from DAY.",
    "If it is noise, raise its threshold or suppress what it is about, and try the change with keyhawk backtest.",
    "If it is not, something large is going on: look at the gravest first.",
  ],
};
const NOTICE_SCORE = 30;
const HIGH = severities.indexOf("high");

/**
 * Holds back the single alerts of a detector that says too much on a day, and says so once instead. Alerts of high and critical severity
 * are never held back, others only where as many as the budget allows were as grave; and everything is recorded.
 *
 * Whether there is a notice, its id, its revisions and its last content are the same in any order of arrival: it counts alerts by
 * id once the day of their event time is certain, and an id, once made, stays. Which alerts were the first, and so were sent
 * one by one, is a matter of arrival.
 */
export class Budget {
  readonly #options: BudgetOptions;
  /** Detector → alerts a day; those without are not limited. */
  readonly #perDay: ReadonlyMap<string, number>;
  readonly #days: Map<string, Day>;
  #notices: Alert[] = [];

  constructor(options: BudgetOptions, written: WrittenBudget = []) {
    this.#options = options;
    this.#perDay = new Map(
      options.detectors.flatMap(({ detector, budgetPerDay }) =>
        budgetPerDay === undefined ? [] : [[detector.id, budgetPerDay]],
      ),
    );
    this.#days = new Map(
      written.map(({ detector, day, alerts, level }) => [
        `${detector} ${day}`,
        {
          detector,
          day,
          alerts: new Map(
            alerts.map(([id, sent, sure, severity]) => [id, { sent, sure, severity }]),
          ),
          level,
        },
      ]),
    );
  }

  /** The detector and day whose budget an alert is counted against, as one text; undefined where there is no limit. */
  nameOf({ detector, eventTime }: Alert): string | undefined {
    if (!this.#perDay.has(detector)) return undefined;
    return `${detector} ${dayOf(hourOf(Date.parse(eventTime)))}`;
  }

  /** Counts a revision that would be sent; false where it is held back. */
  admits(alert: Alert): boolean {
    const { detector, alertId, score, status, eventTime } = alert;
    const budget = this.#perDay.get(detector);
    if (budget === undefined) return true;
    const hour = hourOf(Date.parse(eventTime));
    const severity = severities.indexOf(severityOf(score));
    const day = this.#day(detector, dayOf(hour));
    let known = day.alerts.get(alertId);
    if (known === undefined) {
      if (day.alerts.size >= Math.max(MOST_ALERTS, 2 * budget)) return severity >= HIGH;
      known = { sent: false, sure: false, severity: -1 };
      day.alerts.set(alertId, known);
    }
    known.severity = Math.max(known.severity, severity);
    known.sent ||= known.severity >= HIGH || hasRoom(day, known, budget);
    // An event that comes late may move an alert back by less than the open hours: near midnight, to the day before.
    known.sure ||= status === "closed" || hour % DAY_HOURS >= this.#options.openHours - 1;
    this.#judge(day, budget);
    return known.sent;
  }

  /** Whether nothing of an alert was admitted or held back yet; never for a detector without a budget. */
  isNews(alert: Alert): boolean {
    const name = this.nameOf(alert);
    return name !== undefined && this.#days.get(name)?.alerts.has(alert.alertId) !== true;
  }

  /** Whether an alert is held back. */
  holdsBack({ detector, alertId, eventTime }: Alert): boolean {
    const day = dayOf(hourOf(Date.parse(eventTime)));
    return this.#days.get(`${detector} ${day}`)?.alerts.get(alertId)?.sent === false;
  }

  /** Notices since the last call; those of days whose alerts are all made by this event time are closed. */
  take(watermarkMs: number): Alert[] {
    const now = hourOf(watermarkMs);
    for (const [name, day] of this.#days) {
      if (now < this.#lastHour(day)) continue;
      this.#days.delete(name);
      if (day.level >= 0) this.#notices.push(this.#render(day, "closed"));
    }
    const notices = this.#notices;
    this.#notices = [];
    return notices;
  }

  /** The hour that event time must reach for the next day to be complete; undefined where none is open. */
  get closesAtHour(): number | undefined {
    const hours = [...this.#days.values()].map((day) => this.#lastHour(day));
    return hours.length === 0 ? undefined : Math.min(...hours);
  }

  /** Plain data, for the engine's state. */
  write(): WrittenBudget {
    return [...this.#days.values()].map(({ detector, day, alerts, level }) => ({
      detector,
      day,
      alerts: [...alerts]
        .map(([id, { sent, sure, severity }]) => [id, sent, sure, severity] as const)
        .sort(byId),
      level,
    }));
  }

  #day(detector: string, day: number): Day {
    const name = `${detector} ${day}`;
    let known = this.#days.get(name);
    if (known === undefined) {
      known = { detector, day, alerts: new Map(), level: -1 };
      this.#days.set(name, known);
    }
    return known;
  }

  #judge(day: Day, budget: number): void {
    const count = countOf(day);
    if (count <= budget) return;
    const level = Math.floor(Math.log2(count / (budget + 1)) + 1e-9);
    if (level <= day.level) return;
    const isNew = day.level < 0;
    day.level = level;
    this.#notices.push(this.#render(day, isNew ? "created" : "updated"));
  }

  /** Combined signs are told when single ones are over, up to two days later. */
  #lastHour({ detector, day }: Day): number {
    if (detector === "combined-signals") return (day + 2) * DAY_HOURS;
    return (day + 1) * DAY_HOURS + 2 * this.#options.openHours;
  }

  #render(day: Day, status: Alert["status"]): Alert {
    const { replay } = this.#options;
    return renderAlert(this.#finding(day), NOTICE, {
      alertId: alertIdOf(NOTICE.id, day.detector, String(day.day)),
      revision: day.level + (status === "closed" ? 1 : 0),
      status,
      replay,
    });
  }

  #finding(day: Day): Finding {
    const { learnUntilMs } = this.#options;
    const budget = this.#perDay.get(day.detector) ?? 0;
    const count = countOf(day);
    const startMs = day.day * DAY_HOURS * HOUR_MS;
    const date = new Date(startMs).toISOString().slice(0, 10);
    const number = count < MOST_ALERTS ? String(count) : `at least ${count}`;
    return {
      title: "Alert budget exceeded",
      summary: `Budget exceeded: ${number} alerts of ${day.detector} on ${date}, ${budget} expected at most; further ones below high are kept and not sent.`,
      reasons: [
        {
          code: "budget-exceeded",
          text: `${number} alerts; budget ${budget} a day.`,
          points: NOTICE_SCORE,
        },
      ],
      eventTimeMs: Math.max(startMs, learnUntilMs ?? 0),
      windowStartMs: startMs,
      windowEndMs: startMs + DAY_HOURS * HOUR_MS,
      principal: null,
      key: null,
      accountId: null,
      region: null,
      observed: { detector: day.detector, alertsPerDay: count },
      expected: { alertsPerDay: budget },
      baseline: { maturity: "none", daysLearned: 0, samples: 0 },
      evidence: newEvidence(),
    };
  }
}

function byId([one]: readonly [string, ...unknown[]], [other]: readonly [string, ...unknown[]]) {
  return one < other ? -1 : 1;
}

/** Whether fewer than the budget are as grave as this one: many mild alerts must not keep a graver one back. */
function hasRoom({ alerts }: Day, { severity }: Counted, budget: number): boolean {
  let others = -1;
  for (const one of alerts.values()) if (one.severity >= severity) others += 1;
  return others < budget;
}

function countOf({ alerts }: Day): number {
  let count = 0;
  for (const { sure } of alerts.values()) if (sure) count += 1;
  return count;
}

/** A budget is about the alerts of all entities, so an engine for one of them has none. */
export function budgetOf(
  options: Omit<BudgetOptions, "openHours"> & {
    readonly latenessHours: number;
    readonly sole?: unknown;
  },
  written: WrittenBudget | undefined,
): Budget {
  const openHours = options.latenessHours + 1;
  const detectors = options.sole === undefined ? options.detectors : [];
  return new Budget({ ...options, openHours, detectors }, written);
}
