import type { KmsEvent } from "../cloudtrail/event.ts";
import type { Alert } from "./alert.ts";
import type { Combination } from "./combination.ts";
import type { EntityKind, Finding, Organization, Subject } from "./detector.ts";
import type { EngineOutput } from "./engine.ts";
import type { Grader } from "./grading.ts";
import { lateFindings } from "./late.ts";
import type { ConfiguredDetector, EntityMemory, OpenHour, View } from "./memory.ts";
import {
  alertKey,
  type AlertSubject,
  contributes,
  lastHourOf,
  mergeFindings,
  type OpenAlert,
  periodOf,
  revisionOf,
} from "./open-alert.ts";
import { alertIdOf, renderAlert } from "./render.ts";
import { entityName, type Target } from "./routing.ts";
import type { Silence, SilenceAlerting } from "./silence.ts";

interface AlertingOptions {
  readonly detectors: Readonly<Record<EntityKind, readonly ConfiguredDetector[]>>;
  readonly openHours: number;
  readonly view: View;
  readonly learnUntilMs: number | undefined;
  readonly replay: boolean;
  /** Gives each alert the severity that is configured. */
  readonly grader: Grader;
  /** Undefined where signs are not combined. */
  readonly combination: Combination | undefined;
  /** The only entity that is judged; undefined for all. */
  readonly sole: Target | undefined;
}

type AlertingOutput = Pick<
  EngineOutput,
  "alerts" | "revisions" | "history" | "usage" | "inTimeIds"
>;

/** Opens, updates and closes alerts as hours fill and close. */
export class Alerting implements SilenceAlerting {
  readonly #options: AlertingOptions;
  /** Alerts whose content moved since the last `take`. */
  readonly #moved = new Map<OpenAlert, { memory: EntityMemory; slot: number }>();
  readonly #closed: Alert[] = [];
  #revisions: Alert[] = [];
  #history: AlertingOutput["history"] = [];
  #usage: AlertingOutput["usage"] = [];
  #inTimeIds: AlertingOutput["inTimeIds"] = new Map();

  constructor(options: AlertingOptions) {
    this.#options = options;
  }

  /** Judges the hour that something was counted into, and the open hours after it. */
  judge(memory: EntityMemory, slot: number, at: number, subject: Subject): void {
    const { detector, options } = this.#configured(memory, slot);
    const own = memory.slots[slot];
    if (own === undefined) return;
    for (let index = at; index < own.hours.length; index += 1) {
      if (own.hours[index]?.bucket === null) continue;
      const view = this.#options.view.at(memory, own, index);
      const level = detector.level(view, subject.name, options);
      if (level >= 0) this.#fire(memory, slot, subject, { hour: view.hour, level });
    }
  }

  /** Keeps what is said of a silence, which no hour holds; `closing` closes it with the hour that ends it. */
  silent(memory: EntityMemory, slot: number, { subject, hour, level, finding }: Silence): void {
    this.#fire(memory, slot, { name: subject, period: "silence" }, { hour, level }, finding);
  }

  /** Closes what is still silent at the end of a history. */
  endSilences(memory: EntityMemory): void {
    for (const [key, alert] of memory.alerts) {
      if (alert.period !== "silence") continue;
      const slot = this.#options.detectors[memory.kind].findIndex(
        ({ detector }) => detector.id === alert.detector,
      );
      if (slot >= 0) this.#close(memory, slot, key, alert);
    }
  }

  #fire(
    memory: EntityMemory,
    slot: number,
    subject: AlertSubject,
    at: { hour: number; level: number },
    past: Finding | null = null,
  ): void {
    const configured = this.#configured(memory, slot);
    const key = alertKey(configured.detector.id, subject, at.hour);
    let alert = memory.alerts.get(key);
    if (alert === undefined) {
      alert = {
        alertId: alertIdOf(
          configured.detector.id,
          entityName(memory.kind, memory.id),
          subject.name,
          periodOf(subject, at.hour),
        ),
        detector: configured.detector.id,
        subject: subject.name,
        period: subject.period,
        start: at.hour,
        level: -1,
        past,
      };
      memory.alerts.set(key, alert);
    }
    alert.past = past ?? alert.past;
    if (at.hour < alert.start) alert.start = at.hour;
    if (configured.detector.judgesClosed?.includes(subject.name) === true) {
      alert.level = 0;
      return;
    }
    this.#moved.set(alert, { memory, slot });
    if (at.level <= alert.level) return;
    const isNew = alert.level < 0;
    alert.level = at.level;
    if (isNew) this.#tell(memory, slot, alert, "created");
    if (at.level > 0) this.#tell(memory, slot, alert, "updated");
  }

  /** An hour is about to be learned: what it contributed is kept, and alerts that it ends are closed. */
  closing(memory: EntityMemory, slot: number, at: number): void {
    if (memory.alerts.size === 0) return;
    const own = memory.slots[slot];
    const open = own?.hours[at];
    if (open === undefined) return;
    const { hour, bucket } = open;
    const { detector } = this.#configured(memory, slot);
    for (const [key, alert] of memory.alerts) {
      if (alert.detector !== detector.id || hour < alert.start) continue;
      this.#keepPast(memory, slot, at, alert);
      const isOver =
        alert.period === "silence"
          ? bucket !== null && detector.silence?.ends(bucket, alert.subject) === true
          : lastHourOf(alert, this.#options.openHours) <= hour;
      if (isOver) this.#close(memory, slot, key, alert);
    }
  }

  #close(memory: EntityMemory, slot: number, key: string, alert: OpenAlert): void {
    memory.alerts.delete(key);
    this.#moved.delete(alert);
    if (alert.past === null) return;
    const { judgesClosed } = this.#configured(memory, slot).detector;
    if (judgesClosed?.includes(alert.subject) === true && this.#isTold(alert.past)) {
      this.#revisions.push(this.#render(memory, slot, alert, alert.past, "created"));
    }
    const closed = this.#render(memory, slot, alert, alert.past, "closed");
    this.#put(closed);
    this.#combine(closed);
  }

  /** What nobody is told of is no sign either. */
  #combine(closed: Alert): void {
    const { combination, grader } = this.#options;
    if (combination === undefined || grader.standing(closed).kind !== "told") return;
    for (const combined of combination.add(closed)) this.#put(grader.grade(combined));
  }

  /** Closes combined signs of days that lie behind. */
  closeDays(watermarkMs: number): void {
    const { combination, grader } = this.#options;
    for (const closed of combination?.close(watermarkMs) ?? []) this.#put(grader.grade(closed));
  }

  #put(alert: Alert): void {
    this.#closed.push(alert);
    if (this.#isTold({ eventTimeMs: Date.parse(alert.eventTime) })) this.#revisions.push(alert);
  }

  #keepPast(memory: EntityMemory, slot: number, at: number, alert: OpenAlert): void {
    const finding = this.#finding(memory, slot, at, alert);
    if (finding === undefined) return;
    alert.past = alert.past === null ? finding : mergeFindings(alert.past, finding);
  }

  folded(memory: EntityMemory, slot: number, open: OpenHour): void {
    const { detector } = this.#configured(memory, slot);
    if (detector.history !== undefined) {
      const history = detector.history(open.bucket, open.limits);
      const entity = entityName(memory.kind, memory.id);
      if (history.events > 0) this.#history.push({ entity, hour: open.hour, ...history });
    }
    if (detector.usage !== undefined) {
      for (const use of detector.usage(open.bucket))
        this.#usage.push({ keyArn: memory.id, ...use });
    }
  }

  /** Judges a record whose hour is closed by itself, for detectors to whom it matters whenever it comes. */
  judgeLate(
    event: KmsEvent,
    hour: number,
    detectors: Readonly<Record<EntityKind, readonly ConfiguredDetector[]>>,
    organization: Organization,
  ): void {
    const { sole, openHours, grader, replay } = this.#options;
    const judging = { detectors, organization, openHours, sole };
    for (const { finding, detector, alertId, inTimeId } of lateFindings(event, hour, judging)) {
      this.#inTimeIds.set(alertId, inTimeId);
      const rendered = renderAlert(finding, detector, {
        alertId,
        revision: 0,
        status: "created",
        replay,
      });
      const alert = grader.grade(rendered, finding.evidence.keys);
      this.#closed.push(alert);
      if (this.#isTold(finding)) this.#revisions.push(alert);
    }
  }

  /** Alerts as they stand, revisions to tell, and what folded hours leave for reports; since the last call. */
  take(): AlertingOutput {
    const standing: Alert[] = this.#closed.splice(0);
    for (const [alert, { memory, slot }] of this.#moved) {
      const finding = this.#current(memory, slot, alert);
      if (finding !== undefined && this.#isTold(finding)) {
        standing.push(
          this.#render(memory, slot, alert, finding, alert.level === 0 ? "created" : "updated"),
        );
      }
    }
    const output = {
      alerts: standing.filter(({ eventTime }) =>
        this.#isTold({ eventTimeMs: Date.parse(eventTime) }),
      ),
      revisions: this.#revisions,
      history: this.#history,
      usage: this.#usage,
      inTimeIds: this.#inTimeIds,
    };
    this.#moved.clear();
    this.#revisions = [];
    this.#history = [];
    this.#usage = [];
    this.#inTimeIds = new Map();
    return output;
  }

  #tell(memory: EntityMemory, slot: number, alert: OpenAlert, status: Alert["status"]): void {
    const finding = this.#current(memory, slot, alert);
    if (finding === undefined || !this.#isTold(finding)) return;
    this.#revisions.push(this.#render(memory, slot, alert, finding, status));
  }

  /** What all contributing hours say by now. */
  #current(memory: EntityMemory, slot: number, alert: OpenAlert): Finding | undefined {
    let current = alert.past ?? undefined;
    const hours = memory.slots[slot]?.hours ?? [];
    for (let at = 0; at < hours.length; at += 1) {
      const finding = this.#finding(memory, slot, at, alert);
      if (finding === undefined) continue;
      current = current === undefined ? finding : mergeFindings(current, finding);
    }
    return current;
  }

  #finding(memory: EntityMemory, slot: number, at: number, alert: OpenAlert): Finding | undefined {
    const { detector, options } = this.#configured(memory, slot);
    const own = memory.slots[slot];
    const open = own?.hours[at];
    if (own === undefined || open === undefined || open.bucket === null) return undefined;
    if (!contributes(alert, open.hour)) return undefined;
    if (detector.level(this.#options.view.at(memory, own, at), alert.subject, options) < 0)
      return undefined;
    return detector.describe(this.#options.view.at(memory, own, at), alert.subject, options);
  }

  #render(
    memory: EntityMemory,
    slot: number,
    alert: OpenAlert,
    finding: Finding,
    status: Alert["status"],
  ): Alert {
    const rendered = renderAlert(finding, this.#configured(memory, slot).detector, {
      alertId: alert.alertId,
      revision: revisionOf(alert.level, status),
      status,
      replay: this.#options.replay,
    });
    return this.#options.grader.grade(rendered, finding.evidence.keys);
  }

  #isTold(finding: Pick<Finding, "eventTimeMs">): boolean {
    return (
      this.#options.learnUntilMs === undefined || finding.eventTimeMs >= this.#options.learnUntilMs
    );
  }

  #configured(memory: EntityMemory, slot: number): ConfiguredDetector {
    const configured = this.#options.detectors[memory.kind][slot];
    if (configured === undefined) throw new Error(`no detector ${slot} for ${memory.kind}`);
    return configured;
  }
}
