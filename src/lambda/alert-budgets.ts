import type { Alert } from "../detection/alert.ts";
import type { Budget } from "../detection/budget.ts";
import { BudgetState } from "./budget-state.ts";
import type { EntityCache } from "./entity-cache.ts";
import type { EntityFolder } from "./entity-folder.ts";
import { budgetName } from "./entity-names.ts";
import type { Deadline } from "./invocation.ts";
import type { Counts } from "./metrics.ts";

export interface AlertBudgetsDependencies {
  /** What says which detectors have a budget. */
  readonly budget: Budget;
  readonly folder: EntityFolder;
  /** The folder's. */
  readonly cache: EntityCache;
}

/** Counts alerts against the budgets of their detectors, in an entity for each detector and day. */
export class AlertBudgets {
  readonly #dependencies: AlertBudgetsDependencies;

  constructor(dependencies: AlertBudgetsDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Counts revisions that are to be told, and says which alerts are held back, by what. Counted again they get the same answer.
   * Rejects where the table does not take the count.
   */
  async heldBack(
    alerts: readonly Alert[],
    given: { readonly deadline: Deadline; readonly counts: Counts },
  ): Promise<Map<string, string>> {
    const { budget, folder, cache } = this.#dependencies;
    const held = new Map<string, string>();
    for (const [name, signs] of Map.groupBy(alerts, (alert) => budget.nameOf(alert))) {
      if (name === undefined) continue;
      const entity = budgetName(name);
      const work = { events: [], toHour: -1, signs };
      const settled = await folder.settle(entity, work, undefined, given);
      const failed = settled.find(({ kind }) => kind !== "settled");
      if (failed !== undefined) throw new Error(`budget of ${name} not counted`, { cause: failed });
      const counted = cache.take(entity);
      if (!(counted?.state instanceof BudgetState)) throw new Error(`no budget of ${name}`);
      for (const alert of signs) {
        if (counted.state.holdsBack(alert)) held.set(alert.alertId, `budget:${alert.detector}`);
      }
      cache.put(entity, counted);
    }
    return held;
  }
}
