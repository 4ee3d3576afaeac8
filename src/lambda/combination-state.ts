import { HOUR_MS } from "../baseline/calendar.ts";
import type { Alert } from "../detection/alert.ts";
import type { Combination, WrittenCombination } from "../detection/combination.ts";
import { combinationOf } from "../detection/combination.ts";
import { Grader } from "../detection/grading.ts";
import type {
  EntityChange,
  EntityState,
  EntityStateOptions,
  EntityWork,
  Revision,
} from "./entity-state.ts";

interface WrittenSigns {
  readonly v: 1;
  readonly days: WrittenCombination;
  /** Told to the end: a sign that comes again changes nothing. */
  readonly closed: boolean;
}

/** The signs about one principal on one day. A sign that is added twice changes nothing. */
export class CombinationState implements EntityState {
  readonly #combination: Combination | undefined;
  readonly #grader: Grader;
  readonly #notes: EntityStateOptions["notes"];
  memory: string;
  #closed: boolean;

  constructor(memory: string | undefined, { engine, organization, notes }: EntityStateOptions) {
    const written = memory === undefined ? undefined : (JSON.parse(memory) as WrittenSigns);
    this.#combination = combinationOf(engine, written?.days);
    this.#grader = graderOf(engine, organization);
    this.#notes = notes;
    this.memory = memory ?? "";
    this.#closed = written?.closed ?? false;
  }

  get closesAtHour(): number | undefined {
    return this.#closed ? undefined : this.#combination?.closesAtHour;
  }

  callHours(): number[] {
    return [];
  }

  restoreCalls(): void {}

  fold({ signs, toHour }: EntityWork): EntityChange | undefined {
    const combination = this.#combination;
    if (combination === undefined || this.#closed) return undefined;
    const made = signs.flatMap((sign) => combination.add(sign));
    const closesAt = combination.closesAtHour;
    if (closesAt !== undefined && closesAt <= toHour) {
      made.push(...combination.close(toHour * HOUR_MS));
      this.#closed = true;
    }
    const written: WrittenSigns = { v: 1, days: combination.write(), closed: this.#closed };
    const memory = JSON.stringify(written);
    if (memory === this.memory) return undefined;
    this.memory = memory;
    const revisions = made.flatMap((alert) => this.#graded(alert) ?? []);
    const forgetCallsBeforeHour = Number.NEGATIVE_INFINITY;
    return { memory, revisions, calls: [], forgetCallsBeforeHour, duplicates: 0, late: 0 };
  }

  #graded(made: Alert): Revision | undefined {
    this.#grader.useNotes(this.#notes.current);
    const alert = this.#grader.grade(made);
    const standing = this.#grader.standing(alert);
    if (standing.kind === "off") return undefined;
    const mutedBy = standing.kind === "muted" ? standing.by : undefined;
    return { alert, told: standing.kind === "told", mutedBy };
  }
}

function graderOf(
  engine: EntityStateOptions["engine"],
  organization: EntityStateOptions["organization"],
): Grader {
  const { declarations } = engine.organization;
  return new Grader({ ...engine, declarations, openHours: engine.latenessHours + 1 }, organization);
}
