import type { KmsEvent } from "../cloudtrail/event.ts";
import type { SeverityAdjustment } from "./declarations.ts";
import type { Detector, EntityKind, HourView, Organization, Subject } from "./detector.ts";
import { lastHourOf, type OpenAlert } from "./open-alert.ts";

/** A detector with the options it runs with. */
export interface ConfiguredDetector {
  readonly detector: Detector;
  readonly options: unknown;
  /** Counted and kept, but sent to nobody. */
  readonly shadow: boolean;
  readonly severity?: SeverityAdjustment | undefined;
  /** Alerts of a UTC day beyond which milder ones are not sent one by one; undefined for any number. */
  readonly budgetPerDay?: number | undefined;
}

/** Everything the engine remembers of one entity. */
export interface EntityMemory {
  readonly kind: EntityKind;
  readonly id: string;
  /** Newest open hour; −1 before the first event. */
  top: number;
  /** One slot for each detector of this kind of entity, in the engine's order; undefined until it counted something. */
  readonly slots: (DetectorMemory | undefined)[];
  readonly alerts: Map<string, OpenAlert>;
  /** Memories of detectors that are not configured now, kept as they were. */
  readonly others: Readonly<Record<string, unknown>>;
  /** Number of the batch that touched it last. */
  touched: number;
  /** Events of this batch that are not counted yet. */
  readonly queue: KmsEvent[];
  /** Newest hour of those in the queue, and at least `top`. */
  reach: number;
  /** Slots that counted something since they were judged. */
  readonly due: number[];
}

export interface DetectorMemory {
  baseline: unknown;
  /** The open hours, oldest first, without gaps. */
  hours: OpenHour[];
  /** What is to be judged; null where nothing is. */
  due: Due | null;
}

/** Findings to look at, each from one open hour on. */
export interface Due {
  readonly subjects: readonly Subject[];
  /** Index of the oldest hour that they were counted into. */
  at: number;
  /** Others by their name, where there are any. */
  others: Map<string, { readonly subject: Subject; at: number }> | null;
}

export interface OpenHour {
  readonly hour: number;
  readonly limits: unknown;
  /** Null until the hour's first event. */
  bucket: unknown;
}

/** What happens as an hour closes, before and after it is learned. */
export interface Closing {
  closing(memory: EntityMemory, slot: number, at: number): void;
  folded(memory: EntityMemory, slot: number, open: OpenHour): void;
}

export function newMemory(kind: EntityKind, id: string, slots: number): EntityMemory {
  return {
    kind,
    id,
    top: -1,
    slots: Array.from({ length: slots }, () => undefined),
    alerts: new Map(),
    others: {},
    touched: 0,
    queue: [],
    reach: -1,
    due: [],
  };
}

/**
 * Opens hours up to `to`. Hours are learned and opened strictly in order, each opened hour frozen against what was learned
 * up to `openHours` before it: the same whichever event came first.
 */
export function advance(
  memory: EntityMemory,
  to: number,
  detectors: readonly ConfiguredDetector[],
  openHours: number,
  closing: Closing,
): void {
  if (to <= memory.top) return;
  // The last hour of an alert is opened even where event time leaps over it: it is what closes the alert.
  const lasts = [...memory.alerts.values()].map((alert) => lastHourOf(alert, openHours));
  for (const last of lasts.sort((one, other) => one - other)) {
    if (last > memory.top && last < to)
      advanceAtOnce(memory, { from: memory.top, to: last, detectors, openHours, closing });
  }
  advanceAtOnce(memory, { from: memory.top, to, detectors, openHours, closing });
}

/**
 * The hours that event time must reach for each alert of a memory to be over. A silence ends with an event, whenever that comes,
 * and an alert whose detector is switched off stays as it is.
 */
export function closingHours(
  { alerts }: EntityMemory,
  detectors: readonly ConfiguredDetector[],
  openHours: number,
): number[] {
  const running = new Set(detectors.map(({ detector }) => detector.id));
  return [...alerts.values()]
    .filter((alert) => alert.period !== "silence" && running.has(alert.detector))
    .map((alert) => lastHourOf(alert, openHours) + openHours);
}

function advanceAtOnce(memory: EntityMemory, step: Step): void {
  if (step.from >= 0) {
    for (let slot = 0; slot < step.detectors.length; slot += 1) advanceDetector(memory, slot, step);
  }
  memory.top = step.to;
}

interface Step {
  readonly from: number;
  readonly to: number;
  readonly detectors: readonly ConfiguredDetector[];
  readonly openHours: number;
  readonly closing: Closing;
}

function advanceDetector(memory: EntityMemory, slot: number, step: Step): void {
  const own = memory.slots[slot];
  const configured = step.detectors[slot];
  if (own === undefined || configured === undefined) return;
  let folded = step.from - step.openHours;
  const firstStillOpen = Math.max(step.from + 1, step.to - step.openHours + 1);
  for (let hour = firstStillOpen; hour <= step.to; hour += 1) {
    foldThrough(
      memory,
      slot,
      configured,
      { after: folded, through: hour - step.openHours },
      step.closing,
    );
    folded = hour - step.openHours;
    own.hours.push({
      hour,
      limits: configured.detector.limits(own.baseline, hour, configured.options),
      bucket: null,
    });
  }
}

function foldThrough(
  memory: EntityMemory,
  slot: number,
  { detector, options }: ConfiguredDetector,
  range: { after: number; through: number },
  closing: Closing,
): void {
  const own = memory.slots[slot];
  if (own === undefined) return;
  let next = range.after + 1;
  while (own.hours[0] !== undefined && own.hours[0].hour <= range.through) {
    const open = own.hours[0];
    closing.closing(memory, slot, 0);
    if (open.bucket !== null) {
      if (open.hour > next) detector.skip(own.baseline, next, open.hour);
      detector.fold(own.baseline, open.hour, open.bucket, open.limits, options);
      next = open.hour + 1;
      closing.folded(memory, slot, open);
    }
    own.hours.shift();
  }
  if (range.through >= next) detector.skip(own.baseline, next, range.through + 1);
}

/** The detector's memory of this entity, with its open hours, made where it is its first event. */
export function openDetector(
  memory: EntityMemory,
  slot: number,
  { detector, options }: ConfiguredDetector,
  openHours: number,
): DetectorMemory {
  const known = memory.slots[slot];
  if (known !== undefined) return known;
  const baseline = detector.newBaseline();
  const made = {
    baseline,
    hours: newHours(baseline, memory.top, { detector, options }, openHours),
    due: null,
  };
  memory.slots[slot] = made;
  return made;
}

/** The hours that are open at `top`, each frozen against the baseline as it is. */
function newHours(
  baseline: unknown,
  top: number,
  { detector, options }: Pick<ConfiguredDetector, "detector" | "options">,
  openHours: number,
): OpenHour[] {
  const hours: OpenHour[] = [];
  for (let hour = top - openHours + 1; hour <= top; hour += 1) {
    hours.push({ hour, limits: detector.limits(baseline, hour, options), bucket: null });
  }
  return hours;
}

/** Looks at one open hour of a memory after another; one object serves for all, since it lasts for one call only. */
export class View implements HourView<unknown, unknown, unknown> {
  hour = 0;
  knownBy = 0;
  entity = "";
  bucket: unknown = null;
  limits: unknown = null;
  baseline: unknown = null;
  readonly organization: Organization;
  readonly #openHours: number;
  #hours: readonly OpenHour[] = [];
  #at = 0;

  constructor(organization: Organization, openHours: number) {
    this.organization = organization;
    this.#openHours = openHours;
  }

  /** Looks at the open hour at index `at`, counted from the oldest. */
  at(memory: EntityMemory, own: DetectorMemory, at: number): this {
    const open = own.hours[at];
    if (open === undefined) throw new Error(`memory of ${memory.id}: no open hour at ${at}`);
    this.hour = open.hour;
    this.knownBy = open.hour - this.#openHours;
    this.entity = memory.id;
    this.bucket = open.bucket;
    this.limits = open.limits;
    this.baseline = own.baseline;
    this.#hours = own.hours;
    this.#at = at;
    return this;
  }

  get earlier(): readonly OpenHour[] {
    return this.#hours.slice(0, this.#at).filter((hour) => hour.bucket !== null);
  }
}

/** A memory as JSON text. */
export function writeMemory(
  memory: EntityMemory,
  detectors: readonly ConfiguredDetector[],
): string {
  const own: Record<string, unknown> = { ...memory.others };
  for (const [slot, { detector }] of detectors.entries()) {
    const kept = memory.slots[slot];
    if (kept !== undefined)
      own[detector.id] = { v: detector.version, b: kept.baseline, h: kept.hours.map(written) };
  }
  // In order of their keys: which alert came first must not show.
  const alerts = [...memory.alerts].sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify({ v: 1, top: memory.top, d: own, a: alerts });
}

/** The newest hour was frozen against the baseline as it still is: its limits follow from it, and are not written. */
function written(
  { hour, limits, bucket }: OpenHour,
  at: number,
  { length }: readonly OpenHour[],
): WrittenHour {
  return at === length - 1 ? { hour, bucket } : { hour, limits, bucket };
}

interface WrittenHour {
  readonly hour: number;
  readonly limits?: unknown;
  readonly bucket: unknown;
}

interface WrittenMemory {
  readonly top: number;
  readonly d: Record<string, { v: number; b: unknown; h: WrittenHour[] }>;
  readonly a: [string, OpenAlert][];
}

/**
 * Reads a memory back. A detector of another version starts to learn anew; one that was switched off in between, or that had
 * another lateness, keeps what it learned and opens its hours anew: it learns nothing of the time that it did not see.
 */
export function readMemory(
  kind: EntityKind,
  id: string,
  text: string,
  detectors: readonly ConfiguredDetector[],
  openHours: number,
): EntityMemory {
  const written = JSON.parse(text) as WrittenMemory;
  const others = { ...written.d };
  const alerts = new Map(written.a);
  const slots = detectors.map((configured) => {
    const { id: name, version } = configured.detector;
    const own = others[name];
    delete others[name];
    if (own === undefined || own.v !== version) return undefined;
    const read = { baseline: own.b, hours: readHours(own.b, own.h, configured), due: null };
    if (isAligned(read, written.top, openHours)) return read;
    for (const [key, alert] of alerts) {
      if (alert.detector === name) alerts.delete(key);
    }
    return reopened(read, written.top, configured, openHours);
  });
  return {
    kind,
    id,
    top: written.top,
    slots,
    alerts,
    others,
    touched: 0,
    queue: [],
    reach: -1,
    due: [],
  };
}

function readHours(
  baseline: unknown,
  hours: readonly WrittenHour[],
  { detector, options }: ConfiguredDetector,
): OpenHour[] {
  return hours.map(({ hour, limits = detector.limits(baseline, hour, options), bucket }) => ({
    hour,
    limits,
    bucket,
  }));
}

function isAligned({ hours }: DetectorMemory, top: number, openHours: number): boolean {
  return hours.length === openHours && hours[hours.length - 1]?.hour === top;
}

function reopened(
  { baseline, hours }: DetectorMemory,
  top: number,
  { detector, options }: ConfiguredDetector,
  openHours: number,
): DetectorMemory {
  for (const { hour, bucket, limits } of hours) {
    if (bucket !== null) detector.fold(baseline, hour, bucket, limits, options);
  }
  return { baseline, hours: newHours(baseline, top, { detector, options }, openHours), due: null };
}
