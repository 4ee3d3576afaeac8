/** A pattern of Lambda's event filtering: fields that must be there, each with the values that will do. */
export interface FilterPattern {
  readonly [field: string]: FilterPattern | readonly Condition[];
}

/** A value as it stands in the record, or what is asked of one. */
type Condition =
  | string
  | number
  | boolean
  | null
  | { readonly exists: boolean }
  | { readonly prefix: string };

/**
 * Whether a record passes a filter (AWS Lambda Developer Guide, "invocation-eventfiltering"): every field of the pattern must be met
 * by one of its conditions. Emulated are values, `exists` and `prefix`.
 */
export function passesFilter(record: unknown, pattern: FilterPattern): boolean {
  return Object.entries(pattern).every(([field, wanted]) => {
    const value = fieldOf(record, field);
    if (!isConditions(wanted)) return passesFilter(value, wanted);
    return wanted.some((condition) => meets(value, condition));
  });
}

function isConditions(
  wanted: FilterPattern | readonly Condition[],
): wanted is readonly Condition[] {
  return Array.isArray(wanted);
}

function fieldOf(record: unknown, field: string): unknown {
  if (typeof record !== "object" || record === null) return undefined;
  return (record as Record<string, unknown>)[field];
}

function meets(value: unknown, condition: Condition): boolean {
  if (typeof condition !== "object" || condition === null) return value === condition;
  if ("exists" in condition) return (value !== undefined) === condition.exists;
  return typeof value === "string" && value.startsWith(condition.prefix);
}
