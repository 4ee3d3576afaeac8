import type { KmsEvent } from "../cloudtrail/event.ts";
import type { Alert } from "../detection/alert.ts";
import type { EngineOptions } from "../detection/engine.ts";
import type { LearnedOrganization } from "../detection/organization.ts";
import type { Mute } from "../detection/suppression.ts";
import type { FoldedHistory } from "../store/entity-store.ts";
import type { CallSegment } from "../store/store.ts";
import { BudgetState } from "./budget-state.ts";
import { CombinationState } from "./combination-state.ts";
import { EngineState } from "./engine-state.ts";
import { isBudget, isCombination } from "./entity-names.ts";
import type { HeardHours } from "./heard-hours.ts";

/** What one batch brings for one entity. */
export interface EntityWork {
  readonly events: KmsEvent[];
  /** Hour that event time has reached, whether or not the entity met an event; −1 where nothing is said of it. */
  toHour: number;
  /** Alerts: closed ones for a combination of signs, those to be told for a budget. */
  readonly signs: Alert[];
}

/** A revision of an alert, and what is to become of it. */
export interface Revision {
  readonly alert: Alert;
  /** Whether it is to be sent, as far as the entity itself can say. */
  readonly told: boolean;
  /** What mutes it. */
  readonly mutedBy?: string | undefined;
  /** Given of a late record: id of the alert that the record would have led to in time. */
  readonly inTimeId?: string | undefined;
}

/** What work did to an entity. */
export interface EntityChange {
  /** JSON text. */
  readonly memory: string;
  readonly revisions: readonly Revision[];
  /** Identities of the calls counted, and the hour before which all are forgotten. */
  readonly calls: readonly CallSegment[];
  readonly forgetCallsBeforeHour: number;
  readonly duplicates: number;
  readonly late: number;
  /** Of hours that were folded. */
  readonly history?: FoldedHistory;
}

/** An entity in memory, as far as it was committed, plus what was folded since. */
export interface EntityState {
  /** JSON text, as of the last fold that changed it; empty before the first. */
  readonly memory: string;
  /** The next hour that event time must reach for something to be over, or for a silence to be judged; undefined where there is nothing. */
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
  /** What people noted: suppressions and acceptances, as they are now. */
  readonly notes: { current: readonly Mute[] };
  readonly heard: HeardHours;
  /** What a process had learned before the functions took the table: up to which event time, −∞ where none had. */
  readonly before: { learnedUntilMs: number };
}

/** Opens an entity out of its memory, or a new one. Throws where the memory is not one. */
export function openEntity(
  name: string,
  memory: string | undefined,
  options: EntityStateOptions,
): EntityState {
  if (isCombination(name)) return new CombinationState(memory, options);
  if (isBudget(name)) return new BudgetState(memory, options.engine);
  return new EngineState(name, memory, options);
}
