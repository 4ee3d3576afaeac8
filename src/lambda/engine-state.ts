import { hourOf } from "../baseline/calendar.ts";
import { spokeIn, spokenHours } from "../baseline/spoken-hours.ts";
import { Engine, type EngineOutput } from "../detection/engine.ts";
import { entityOf } from "../detection/routing.ts";
import type { CallSegment } from "../store/store.ts";
import { WHOLE_NAME } from "./entity-names.ts";
import type {
  EntityChange,
  EntityState,
  EntityStateOptions,
  EntityWork,
  Revision,
} from "./entity-state.ts";

/** Other entities of the same events, of which an engine keeps an empty memory each. */
const BYSTANDERS = 48;

/** A principal, key or account, or all accounts together: an engine that counts for it alone. */
export class EngineState implements EntityState {
  readonly #name: string;
  readonly #engine: Engine;
  readonly #notes: EntityStateOptions["notes"];
  readonly #heard: EntityStateOptions["heard"];
  memory: string;

  constructor(name: string, memory: string | undefined, options: EntityStateOptions) {
    this.#name = name;
    this.#notes = options.notes;
    this.#heard = options.heard;
    const heard =
      name === WHOLE_NAME ? () => true : (hour: number) => spokeIn(options.heard.current, hour);
    const { organization, before } = options;
    const learnedUntilMs = () => before.learnedUntilMs;
    const sole = { entity: entityOf(name), organization, heard, learnedUntilMs };
    const own = { ...options.engine, entitiesInMemory: BYSTANDERS, sole };
    this.#engine = new Engine(own, undefined);
    if (memory !== undefined) this.#engine.adopt(new Map([[name, memory]]));
    this.memory = memory ?? "";
  }

  get closesAtHour(): number | undefined {
    const { closesAtHour, listensAtHour } = this.#engine;
    if (closesAtHour === undefined || listensAtHour === undefined)
      return closesAtHour ?? listensAtHour;
    return Math.min(closesAtHour, listensAtHour);
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
    // An engine lets go of a memory that was not touched for long; it is put back as it was.
    if (engine.missing(events).includes(this.#name) && this.memory !== "")
      engine.adopt(new Map([[this.#name, this.memory]]));
    engine.grader.useNotes(this.#notes.current);
    engine.process(events);
    const outputs = [engine.take()];
    // From one end of an alert to the next, so that memories do not depend on how often somebody says what time it is.
    let hour = engine.closesAtHour ?? Number.POSITIVE_INFINITY;
    while (hour <= toHour) {
      engine.passTime(hour);
      outputs.push(engine.take());
      hour = Math.max(hour + 1, engine.closesAtHour ?? Number.POSITIVE_INFINITY);
    }
    if (this.#listen(toHour)) outputs.push(engine.take());
    return this.#changeOf(outputs);
  }

  /** Judges the silence of an account, or of all of them; false where there is nothing to judge. */
  #listen(toHour: number): boolean {
    const engine = this.#engine;
    if (this.#name === WHOLE_NAME) {
      engine.hear(spokenHours(this.#heard.current, 0, toHour));
      return true;
    }
    if ((engine.listensAtHour ?? Number.POSITIVE_INFINITY) > toHour) return false;
    engine.passTime(toHour);
    return true;
  }

  #changeOf(outputs: readonly EngineOutput[]): EntityChange | undefined {
    const memory = outputs.findLast(({ memories }) => memories.has(this.#name))?.memories;
    const revisions = outputs.flatMap(revisionsOf);
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
      history: {
        hours: outputs.flatMap(({ history }) => history),
        usage: outputs.flatMap(({ usage }) => usage),
      },
    };
  }
}

function revisionsOf({ revisions, told, muted, inTimeIds }: EngineOutput): Revision[] {
  const sent = new Set(told);
  return revisions.map((alert) => ({
    alert,
    told: sent.has(alert),
    mutedBy: muted.get(alert.alertId),
    inTimeId: inTimeIds.get(alert.alertId),
  }));
}
