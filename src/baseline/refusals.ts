/** Name → earliest refusal of each of the last hours that had one, milliseconds, oldest first. Bounded plain data. */
export type Refusals = Record<string, number[]>;

/** Learns an hour's earliest refusal; hours come in order. */
export function learnRefusal(refusals: Refusals, name: string, timeMs: number): void {
  (refusals[name] ??= []).push(timeMs);
}

/** Drops refusals before a time, and of the names refused longest ago those beyond `most`. */
export function forgetRefusals(refusals: Refusals, oldestMs: number, most: number): void {
  for (const [name, times] of Object.entries(refusals)) {
    const recent = times.filter((timeMs) => timeMs >= oldestMs);
    if (recent.length === 0) delete refusals[name];
    else refusals[name] = recent;
  }
  const names = Object.keys(refusals);
  if (names.length <= most) return;
  const last = (name: string): number => refusals[name]?.at(-1) ?? 0;
  names.sort((one, other) => last(one) - last(other) || (one < other ? -1 : 1));
  for (const name of names.slice(0, names.length - most)) delete refusals[name];
}
