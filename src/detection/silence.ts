import { noteSpoken, spokeIn, type SpokenHours } from "../baseline/spoken-hours.ts";
import type { Finding } from "./detector.ts";
import {
  advance,
  type Closing,
  type ConfiguredDetector,
  type EntityMemory,
  newMemory,
  openDetector,
  readMemory,
  writeMemory,
} from "./memory.ts";

/** What a detector of silence sees of an entity whose hours up to `through` can change no more. */
export interface SilenceView<Baseline, Bucket> {
  readonly entity: string;
  /** What is learned of the hours before the open ones; not to be changed, `copy` gives one to be taught further. */
  readonly baseline: Baseline;
  copy(): Baseline;
  /** Open hours with events, up to `through`, oldest first. */
  readonly hours: readonly { readonly hour: number; readonly bucket: Bucket }[];
  /** The last hour that is closed. */
  readonly through: number;
  /** Whether anybody at all was heard in an hour: where nobody was, nobody in particular is silent. */
  heard(hour: number): boolean;
}

/** A stretch of hours without what is always there. */
export interface Silence {
  /** What is silent within the entity; its name within the alert's id. */
  readonly subject: string;
  /** First silent hour. */
  readonly hour: number;
  /** As of any finding: 0, then 1, 2 … for each update worth sending. It depends on the hours up to `through` only. */
  readonly level: number;
  readonly finding: Finding;
}

/** How a detector judges the absence of events; `judge` is called as event time passes, whoever's events move it. */
export interface SilenceJudge<Baseline, Bucket, Options> {
  /** Every silence that lasts or that ended in one of the view's hours. */
  judge(view: SilenceView<Baseline, Bucket>, options: Options): readonly Silence[];
  /**
   * The first hour after `view.through`, up to which all was judged, whose end may bring a silence or change one if nothing more
   * is heard; undefined where none does. `view.hours` are all open hours with events.
   */
  due(
    view: Pick<SilenceView<Baseline, Bucket>, "baseline" | "hours" | "through">,
    options: Options,
  ): number | undefined;
  /** Counts an hour in which anybody was heard, for the organization as a whole. */
  hear(bucket: Bucket, hour: number): void;
  /** Whether an hour's events end a silence. */
  ends(bucket: Bucket, subject: string): boolean;
}

/** What the watch asks of whoever makes alerts. */
export interface SilenceAlerting extends Closing {
  silent(memory: EntityMemory, slot: number, silence: Silence): void;
  endSilences(memory: EntityMemory): void;
}

export interface SilenceOptions {
  /** Those of accounts, in the engine's order. */
  readonly detectors: readonly ConfiguredDetector[];
  readonly openHours: number;
  readonly alerting: SilenceAlerting;
  /** Given where the memory of one entity is judged beside engines of others, who alone know of everybody. */
  readonly sole: { readonly heard?: (hour: number) => boolean } | undefined;
}

/** Entity that stands for all accounts together. */
export const WHOLE = "organization";

/**
 * Lets detectors judge hours without events. A silence has no event that would call a detector, so it is judged whenever event
 * time passes, for hours that lie behind by more than the lateness; the same hours say the same however often and
 * however late they are judged.
 */
export class SilenceWatch {
  readonly #options: SilenceOptions;
  /** Places of detectors that judge silence. */
  readonly #slots: readonly number[];
  readonly #spoken: SpokenHours;
  /** Memory of the organization as a whole, whose events are those of everybody. */
  readonly #whole: EntityMemory;

  constructor(options: SilenceOptions, written: WrittenSilence | undefined) {
    const { detectors, openHours, sole } = options;
    const isDeaf = sole !== undefined && sole.heard === undefined;
    this.#options = options;
    this.#slots = detectors.flatMap(({ detector }, slot) =>
      detector.silence === undefined || isDeaf ? [] : [slot],
    );
    this.#spoken = written?.spoken ?? [];
    this.#whole =
      written?.whole === undefined
        ? newMemory("account", WHOLE, detectors.length)
        : readMemory("account", WHOLE, written.whole, detectors, openHours);
  }

  /** Whether every account is to be judged as time passes. */
  get watchesAll(): boolean {
    return this.#slots.length > 0 && this.#options.sole === undefined;
  }

  /** Notes that somebody was heard in this hour. */
  hear(hour: number): void {
    if (this.watchesAll && noteSpoken(this.#spoken, hour)) this.hearIn(this.#whole, hour);
  }

  /** Counts an hour in which somebody was heard into the memory of the organization as a whole; false where it is known, or closed. */
  hearIn(whole: EntityMemory, hour: number): boolean {
    const { detectors, openHours, alerting } = this.#options;
    let isNews = false;
    if (hour > whole.top) {
      this.judge(whole, hour);
      advance(whole, hour, detectors, openHours, alerting);
    }
    const at = hour - whole.top + openHours - 1;
    for (const slot of this.#slots) {
      const configured = detectors[slot];
      if (configured === undefined) continue;
      const own = openDetector(whole, slot, configured, openHours);
      const open = own.hours[at];
      if (open === undefined || open.bucket !== null) continue;
      open.bucket = configured.detector.newBucket();
      configured.detector.silence?.hear(open.bucket, hour);
      isNews = true;
    }
    return isNews;
  }

  /**
   * The hour that event time must reach for the silence of an account to be judged with another outcome, `judgedAt` being the
   * last one that it reached; undefined where there is none.
   */
  dueHour(memory: EntityMemory, judgedAt: number): number | undefined {
    const { detectors, openHours } = this.#options;
    const through = judgedAt - openHours;
    const hours = this.#slots.flatMap((slot) => {
      const configured = detectors[slot];
      const own = memory.slots[slot];
      if (own === undefined) return [];
      const heard = own.hours.filter(({ bucket }) => bucket !== null);
      const view = { baseline: own.baseline, hours: heard, through };
      return configured?.detector.silence?.due(view, configured.options) ?? [];
    });
    return hours.length === 0 ? undefined : Math.min(...hours) + openHours;
  }

  /**
   * Judges the silent hours of a memory as event time reaches the hour `now`; to be called before the memory is advanced to
   * it. True where it was found silent, so that the memory has an alert to keep.
   */
  judge(memory: EntityMemory, now: number): boolean {
    if (memory.kind !== "account") return false;
    const through = now - this.#options.openHours;
    let isSilent = false;
    for (const slot of this.#slots) {
      for (const silence of this.#silences(memory, slot, through)) {
        this.#options.alerting.silent(memory, slot, silence);
        isSilent = true;
      }
    }
    return isSilent;
  }

  /** Learns every hour up to `end` and closes what is open: the end of a history that is not continued. */
  finish(end: number): void {
    const { detectors, openHours, alerting } = this.#options;
    advance(this.#whole, end, detectors, openHours, alerting);
    alerting.endSilences(this.#whole);
  }

  write(): WrittenSilence {
    return { spoken: this.#spoken, whole: writeMemory(this.#whole, this.#options.detectors) };
  }

  #silences(memory: EntityMemory, slot: number, through: number): readonly Silence[] {
    const configured = this.#options.detectors[slot];
    const own = memory.slots[slot];
    const judge = configured?.detector.silence;
    if (own === undefined || configured === undefined || judge === undefined) return [];
    const view: SilenceView<unknown, unknown> = {
      entity: memory.id,
      baseline: own.baseline,
      copy: () => structuredClone(own.baseline),
      hours: own.hours.filter(({ hour, bucket }) => hour <= through && bucket !== null),
      through,
      heard:
        this.#options.sole?.heard ??
        ((hour) => memory === this.#whole || spokeIn(this.#spoken, hour)),
    };
    return judge.judge(view, configured.options);
  }
}

/** Plain data, for the engine's state. */
export interface WrittenSilence {
  readonly spoken: SpokenHours;
  /** Undefined where nothing is known of the organization as a whole. */
  readonly whole?: string | undefined;
}
