import { hourOf } from "../baseline/calendar.ts";
import { mergeSpoken, type SpokenHours } from "../baseline/spoken-hours.ts";
import type { KmsEvent } from "../cloudtrail/event.ts";
import type { ConfiguredDetector } from "../detection/memory.ts";
import type { EntityStore } from "../store/entity-store.ts";

/** In which hours anybody was heard, as known to a container. */
export interface HeardHours {
  current: SpokenHours;
}

/** Whether any detector judges silence: else nobody need know who was heard. */
export function judgesSilence(detectors: readonly ConfiguredDetector[]): boolean {
  return detectors.some(({ detector }) => detector.silence !== undefined);
}

/**
 * Notes in which hours anybody was heard before the events go on: whoever judges the silence of an account in an hour that lies
 * behind by more than the lateness finds it noted.
 */
export class HeardWriter {
  readonly #store: Pick<EntityStore, "heard" | "noteHeard">;
  readonly #isWanted: boolean;
  #noted: SpokenHours | undefined;

  constructor(
    store: Pick<EntityStore, "heard" | "noteHeard">,
    detectors: readonly ConfiguredDetector[],
  ) {
    this.#store = store;
    this.#isWanted = judgesSilence(detectors);
  }

  async note(events: readonly KmsEvent[]): Promise<void> {
    if (!this.#isWanted || events.length === 0) return;
    this.#noted ??= await this.#store.heard();
    const hours = [...new Set(events.map(({ timeMs }) => hourOf(timeMs)))];
    const noted = mergeSpoken(
      this.#noted,
      hours.map((hour) => [hour, hour]),
    );
    if (JSON.stringify(noted) === JSON.stringify(this.#noted)) return;
    await this.#store.noteHeard(hours);
    this.#noted = noted;
  }
}

/** What was noted, read again when event time has come to another hour: what is asked lies behind that by the lateness. */
export class HeardReader {
  readonly #store: Pick<EntityStore, "heard">;
  readonly #heard: HeardHours;
  readonly #isWanted: boolean;
  #hour = Number.NEGATIVE_INFINITY;

  constructor(
    store: Pick<EntityStore, "heard">,
    {
      heard,
      detectors,
    }: { readonly heard: HeardHours; readonly detectors: readonly ConfiguredDetector[] },
  ) {
    this.#store = store;
    this.#heard = heard;
    this.#isWanted = judgesSilence(detectors);
  }

  /** Knows what had been noted when event time was first said to have come to this hour. */
  async refresh(hour: number): Promise<void> {
    if (!this.#isWanted || !(hour > this.#hour)) return;
    this.#heard.current = await this.#store.heard();
    this.#hour = hour;
  }
}
