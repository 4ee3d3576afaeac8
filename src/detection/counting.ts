import { hourOf } from "../baseline/calendar.ts";
import type { KmsEvent } from "../cloudtrail/event.ts";
import type { Detector, EntityKind } from "./detector.ts";
import type { Judging } from "./judging.ts";
import { type ConfiguredDetector, type EntityMemory, openDetector, type View } from "./memory.ts";

interface CountingOptions {
  readonly detectors: Readonly<Record<EntityKind, readonly ConfiguredDetector[]>>;
  readonly openHours: number;
  readonly view: View;
  readonly judging: Judging;
  /** Opens hours of a memory up to this one. */
  readonly advance: (memory: EntityMemory, hour: number) => void;
}

/**
 * The functions of a detector that see each event. Detectors are objects of many shapes; going through one shape for all, the
 * loop spends its time in them rather than in finding them.
 */
interface Counter {
  readonly configured: ConfiguredDetector;
  readonly accepts: Detector["accepts"];
  readonly newBucket: Detector["newBucket"];
  readonly add: Detector["add"];
  readonly subjects: Detector["subjects"];
  readonly options: unknown;
}

/**
 * Counts events into the open hours of memories. They are queued first and then counted entity by entity and detector by
 * detector: that leaves the same behind and takes half the time of going event by event.
 */
export class Counting {
  readonly #options: CountingOptions;
  readonly #counters: Record<EntityKind, Counter[]>;
  /** Memories with events in their queue. */
  readonly #queued: EntityMemory[] = [];

  constructor(options: CountingOptions) {
    const { principal, key, account } = options.detectors;
    this.#options = options;
    this.#counters = {
      principal: principal.map(counterOf),
      key: key.map(counterOf),
      account: account.map(counterOf),
    };
  }

  /** Queues an event for one of its entities; false where its hour is closed there, or will be by then. */
  queue(memory: EntityMemory, event: KmsEvent): boolean {
    const hour = hourOf(event.timeMs);
    if (memory.queue.length === 0) memory.reach = memory.top;
    if (hour <= memory.reach - this.#options.openHours) return false;
    if (hour > memory.reach) memory.reach = hour;
    if (memory.queue.push(event) === 1) this.#queued.push(memory);
    return true;
  }

  /** Counts all that is queued, and visits the memories that it went into. */
  countQueued(visit: (memory: EntityMemory) => void): void {
    for (const memory of this.#queued) {
      this.#countQueue(memory);
      memory.queue.length = 0;
      visit(memory);
    }
    this.#queued.length = 0;
  }

  /** As far as the open hours reach, then opens more. */
  #countQueue(memory: EntityMemory): void {
    const { queue } = memory;
    for (let from = 0; from < queue.length;) {
      const hour = hourOf(queue[from]?.timeMs ?? 0);
      if (hour > memory.top) this.#options.advance(memory, hour);
      let to = from + 1;
      while (to < queue.length && hourOf(queue[to]?.timeMs ?? 0) <= memory.top) to += 1;
      this.#counters[memory.kind].forEach((counter, slot) => {
        this.#countFor(memory, slot, counter, { from, to });
      });
      from = to;
    }
  }

  #countFor(
    memory: EntityMemory,
    slot: number,
    { configured, accepts, newBucket, add, subjects, options }: Counter,
    { from, to }: { from: number; to: number },
  ): void {
    const { openHours, view, judging } = this.#options;
    let own = memory.slots[slot];
    let lookingAt = -1;
    for (let index = from; index < to; index += 1) {
      const event = memory.queue[index];
      if (event === undefined || !accepts(event)) continue;
      own ??= openDetector(memory, slot, configured, openHours);
      const at = hourOf(event.timeMs) - memory.top + openHours - 1;
      if (at !== lookingAt) {
        const open = own.hours[at];
        if (open === undefined) continue;
        if (open.bucket === null) open.bucket = newBucket();
        view.at(memory, own, at);
        lookingAt = at;
      }
      add(view, event, options);
      judging.note(memory, own, slot, at, subjects(event));
    }
  }
}

function counterOf(configured: ConfiguredDetector): Counter {
  const { accepts, newBucket, add, subjects } = configured.detector;
  return { configured, accepts, newBucket, add, subjects, options: configured.options };
}
