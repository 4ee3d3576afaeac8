import { closest, distance } from "fastest-levenshtein";

/** The nearest of some names, undefined where none is near enough to have been meant. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const nearest = closest(name, names);
  const farthest = Math.max(1, Math.floor(Math.max(name.length, nearest.length) * 0.4));
  return distance(name.toLowerCase(), nearest.toLowerCase()) <= farthest ? nearest : undefined;
}
