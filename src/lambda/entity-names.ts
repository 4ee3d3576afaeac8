import { WHOLE } from "../detection/silence.ts";
import { entityName } from "../detection/routing.ts";

/** Name of the entity that stands for all accounts together. */
export const WHOLE_NAME = entityName("account", WHOLE);

const COMBINATION = "combination:";
const BUDGET = "budget:";

/** Name of the entity that adds up the signs about a principal on a day. */
export function combinationName(principalAndDay: string): string {
  return COMBINATION + principalAndDay;
}

export function isCombination(name: string): boolean {
  return name.startsWith(COMBINATION);
}

/** Name of the entity that counts the alerts of a detector on a day. */
export function budgetName(detectorAndDay: string): string {
  return BUDGET + detectorAndDay;
}

export function isBudget(name: string): boolean {
  return name.startsWith(BUDGET);
}
