import { distance } from "fastest-levenshtein";

/** The nearest of some names, undefined where none is near enough to have been meant: four letters of ten may differ. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = Infinity;
  for (const candidate of names) {
    const letters = distance(name.toLowerCase(), candidate.toLowerCase());
    const most = Math.max(1, Math.round(Math.max(name.length, candidate.length) * 0.4));
    if (letters < least && letters <= most) {
      nearest = candidate;
      least = letters;
    }
  }
  return nearest;
}
