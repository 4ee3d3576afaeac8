import { HOUR_MS } from "../baseline/calendar.ts";
import type { Alert } from "../detection/alert.ts";
import { Budget, type WrittenBudget } from "../detection/budget.ts";
import type { EntityChange, EntityState, EntityStateOptions, EntityWork } from "./entity-state.ts";

interface WrittenDay {
  readonly v: 1;
  readonly days: WrittenBudget;
  /** Once the day is over: the alerts that were held back, in case one of them comes again. */
  readonly held: readonly string[] | null;
}

/** The alerts of one detector on one day, of which only so many are sent. An alert that is counted twice counts once. */
export class BudgetState implements EntityState {
  readonly #budget: Budget;
  memory: string;
  #held: readonly string[] | null;

  constructor(memory: string | undefined, engine: EntityStateOptions["engine"]) {
    const written = memory === undefined ? undefined : (JSON.parse(memory) as WrittenDay);
    this.#budget = new Budget({ ...engine, openHours: engine.latenessHours + 1 }, written?.days);
    this.memory = memory ?? "";
    this.#held = written?.held ?? null;
  }

  get closesAtHour(): number | undefined {
    return this.#held === null ? this.#budget.closesAtHour : undefined;
  }

  callHours(): number[] {
    return [];
  }

  restoreCalls(): void {}

  /** Whether an alert that was counted is held back. */
  holdsBack(alert: Alert): boolean {
    return this.#held?.includes(alert.alertId) ?? this.#budget.holdsBack(alert);
  }

  fold({ signs, toHour }: EntityWork): EntityChange | undefined {
    if (this.#held !== null) return undefined;
    for (const sign of signs) this.#budget.admits(sign);
    const closesAt = this.#budget.closesAtHour;
    const days = this.#budget.write();
    const isOver = closesAt !== undefined && closesAt <= toHour;
    const notices = this.#budget.take(isOver ? toHour * HOUR_MS : Number.NEGATIVE_INFINITY);
    if (isOver) {
      const alerts = days.flatMap((day) => day.alerts);
      this.#held = alerts.filter(([, sent]) => !sent).map(([id]) => id);
    }
    const written: WrittenDay = { v: 1, days: isOver ? [] : days, held: this.#held };
    const memory = JSON.stringify(written);
    if (memory === this.memory) return undefined;
    this.memory = memory;
    return {
      memory,
      revisions: notices.map((alert) => ({ alert, told: true })),
      calls: [],
      forgetCallsBeforeHour: Number.NEGATIVE_INFINITY,
      duplicates: 0,
      late: 0,
    };
  }
}
