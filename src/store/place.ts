import { resolve } from "node:path";

const scheme = "dynamodb://";

/** Whether a place of state is a folder, or names a table as DynamoDB lets it be named: `dynamodb://TABLE`. */
export function isPlace(place: string): boolean {
  return !place.startsWith(scheme) || /^[a-zA-Z0-9_.-]{3,255}$/.test(place.slice(scheme.length));
}

/** What to say of a place that is none. */
export const expectedPlace =
  "expected a folder, or dynamodb://TABLE with a name of 3 to 255 letters, digits, _, . and -";

/** The table that a place names, undefined for a folder. */
export function tableIn(place: string): string | undefined {
  return place.startsWith(scheme) ? place.slice(scheme.length) : undefined;
}

/** A place as seen from a folder: relative folders are resolved, tables are the same everywhere. */
export function resolvedPlace(folder: string, place: string): string {
  return tableIn(place) === undefined ? resolve(folder, place) : place;
}
