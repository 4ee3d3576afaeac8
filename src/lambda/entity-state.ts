import { HOUR_MS, hourOf } from "../baseline/calendar.ts";
import type { KmsEvent } from "../cloudtrail/event.ts";
import type { Alert } from "../detection/alert.ts";
import type { Combination, WrittenCombination } from "../detection/combination.ts";
import { combinationOf, Engine, type EngineOptions } from "../detection/engine.ts";
import type { LearnedOrganization } from "../detection/organization.ts";
import { entityOf } from "../detection/routing.ts";
import type { CallSegment } from "../store/store.ts";

/** What one batch brings for one entity. */
export interface EntityWork {
  readonly events: KmsEvent[];
  /** Hour that event time has reached, whether or not the entity met an event. */
  toHour: number;
  /** Closed alerts, for a combination of signs. */
  readonly signs: Alert[];
}

/** What work did to an entity. */
export interface EntityChange {
  /** JSON text. */
  readonly memory: string;
  readonly revisions: readonly Alert[];
  /** Identities of the calls counted, and the hour before which all are forgotten. */
  readonly calls: readonly CallSegment[];
  readonly forgetCallsBeforeHour: number;
  readonly duplicates: number;
  readonly late: number;
}

/** An entity in memory, as far as it was committed, plus what was folded since. */
export interface EntityState {
  /** JSON text, as of the last fold that changed it; empty before the first. */
  readonly memory: string;
  /** The next hour that event time must reach for something to be over; undefined where nothing is open. */
  readonly closesAtHour: number | undefined;
  /** Hours whose call identities must be put back before this work is folded. */
  callHours(work: EntityWork): number[];
  restoreCalls(segments: readonly CallSegment[]): void;
  /** Folds work in; undefined where it changed nothing, since all of it was known. */
  fold(work: EntityWork): EntityChange | undefined;
}

export interface EntityStateOptions {
  readonly engine: Omit<EngineOptions, "sole">;
  readonly organization: LearnedOrganization;
}

/** Other entities of the same events, of which an engine keeps an empty memory each. */
const BYSTANDERS = 48;
const COMBINATION = "combination:";

/** Name of the entity that counts a closed alert as a sign; undefined where it is no sign of anything. */
export function combinationEntityOf(combination: Combination, alert: Alert): string | undefined {
  const name = combination.nameOf(alert);
  return name === undefined ? undefined : COMBINATION + name;
}

export function isCombination(name: string): boolean {
  return name.startsWith(COMBINATION);
}

/** Opens an entity out of its memory, or a new one. Throws where the memory is not one. */
export function openEntity(
  name: string,
  memory: string | undefined,
  options: EntityStateOptions,
): EntityState {
  return isCombination(name)
    ? new CombinationState(memory, options.engine)
    : new EngineState(name, memory, options);
}

/** A principal, key or account: an engine that counts for it alone. */
class EngineState implements EntityState {
  readonly #name: string;
  readonly #engine: Engine;
  memory: string;

  constructor(name: string, memory: string | undefined, options: EntityStateOptions) {
    this.#name = name;
    const sole = { entity: entityOf(name), organization: options.organization };
    this.#engine = new Engine({ ...options.engine, entitiesInMemory: BYSTANDERS, sole }, undefined);
    if (memory !== undefined) this.#engine.adopt(new Map([[name, memory]]));
    this.memory = memory ?? "";
  }

  get closesAtHour(): number | undefined {
    return this.#engine.closesAtHour;
  }

  callHours({ events }: EntityWork): number[] {
    const hours = new Set(events.map(({ timeMs }) => hourOf(timeMs)));
    // What came too late for its own hour is known under the newest one.
    const newest = hourOf(this.#engine.watermarkMs);
    if (Number.isFinite(newest) && hours.size > 0) hours.add(newest);
    return [...hours];
  }

  restoreCalls(segments: readonly CallSegment[]): void {
    this.#engine.restoreCalls(segments);
  }

  fold({ events, toHour }: EntityWork): EntityChange | undefined {
    const engine = this.#engine;
    // After its alerts were taken an engine may have let the entity go; it is put back as it was.
    if (engine.missing(events).includes(this.#name) && this.memory !== "")
      engine.adopt(new Map([[this.#name, this.memory]]));
    engine.process(events);
    const outputs = [engine.take()];
    for (let hour = engine.closesAtHour; hour !== undefined && hour <= toHour;) {
      engine.passTime(hour);
      outputs.push(engine.take());
      hour = engine.closesAtHour;
    }
    const memory = outputs.findLast(({ memories }) => memories.has(this.#name))?.memories;
    const revisions = outputs.flatMap((output) => output.revisions);
    const calls = outputs.flatMap((output) => output.calls);
    if (memory === undefined && revisions.length === 0 && calls.length === 0) return undefined;
    this.memory = memory?.get(this.#name) ?? this.memory;
    return {
      memory: this.memory,
      revisions,
      calls,
      forgetCallsBeforeHour: outputs[0]?.forgetCallsBeforeHour ?? Number.NEGATIVE_INFINITY,
      duplicates: outputs.reduce((sum, { duplicates }) => sum + duplicates, 0),
      late: outputs.reduce((sum, { late }) => sum + late, 0),
    };
  }
}

interface WrittenSigns {
  readonly v: 1;
  readonly days: WrittenCombination;
  /** Told to the end: a sign that comes again changes nothing. */
  readonly closed: boolean;
}

/** The signs about one principal on one day. */
class CombinationState implements EntityState {
  readonly #combination: Combination | undefined;
  memory: string;
  #closed: boolean;

  constructor(memory: string | undefined, options: Omit<EngineOptions, "sole">) {
    const written = memory === undefined ? undefined : (JSON.parse(memory) as WrittenSigns);
    this.#combination = combinationOf(options, written?.days);
    this.memory = memory ?? "";
    this.#closed = written?.closed ?? false;
  }

  get closesAtHour(): number | undefined {
    return this.#combination?.closesAtHour;
  }

  callHours(): number[] {
    return [];
  }

  restoreCalls(): void {}

  fold({ signs, toHour }: EntityWork): EntityChange | undefined {
    const combination = this.#combination;
    if (combination === undefined || this.#closed) return undefined;
    const revisions = signs.flatMap((sign) => combination.add(sign) ?? []);
    const closesAt = combination.closesAtHour;
    if (closesAt !== undefined && closesAt <= toHour) {
      revisions.push(...combination.close(toHour * HOUR_MS));
      this.#closed = true;
    }
    const written: WrittenSigns = { v: 1, days: combination.write(), closed: this.#closed };
    const memory = JSON.stringify(written);
    if (memory === this.memory) return undefined;
    this.memory = memory;
    return {
      memory,
      revisions,
      calls: [],
      forgetCallsBeforeHour: Number.NEGATIVE_INFINITY,
      duplicates: 0,
      late: 0,
    };
  }
}
