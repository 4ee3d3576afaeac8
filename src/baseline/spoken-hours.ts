/**
 * In which hours something was heard at all: ranges of hours, first and last, sorted, with silence between them. Bounded; the
 * oldest make room. Plain data.
 */
export type SpokenHours = [first: number, last: number][];

const MOST_RANGES = 24;

/** Notes an hour, in any order; true where nothing was known of it yet. */
export function noteSpoken(spoken: SpokenHours, hour: number): boolean {
  let at = spoken.length;
  while (at > 0 && (spoken[at - 1]?.[0] ?? 0) > hour) at -= 1;
  const before = spoken[at - 1];
  if (before !== undefined && hour <= before[1]) return false;
  const after = spoken[at];
  const joinsBefore = before !== undefined && before[1] + 1 === hour;
  const joinsAfter = after !== undefined && after[0] - 1 === hour;
  if (joinsBefore && joinsAfter) {
    before[1] = after[1];
    spoken.splice(at, 1);
  } else if (joinsBefore) before[1] = hour;
  else if (joinsAfter) after[0] = hour;
  else spoken.splice(at, 0, [hour, hour]);
  if (spoken.length > MOST_RANGES) spoken.shift();
  return true;
}

/** What two know together. */
export function mergeSpoken(one: SpokenHours, other: SpokenHours): SpokenHours {
  const merged: SpokenHours = [];
  const ranges = [...one, ...other].sort(([from], [to]) => from - to);
  for (const [first, last] of ranges) {
    const before = merged[merged.length - 1];
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else merged.push([first, last]);
  }
  return merged.slice(-MOST_RANGES);
}

/** The hours from `from` up to and including `to` in which something was heard, oldest first. */
export function spokenHours(spoken: SpokenHours, from: number, to: number): number[] {
  return spoken.flatMap(([first, last]) => {
    const start = Math.max(first, from);
    const length = Math.max(0, Math.min(last, to) - start + 1);
    return Array.from({ length }, (_, index) => start + index);
  });
}

/** Whether something was heard in the hour; false where it lies before all that is remembered. */
export function spokeIn(spoken: SpokenHours, hour: number): boolean {
  for (let at = spoken.length - 1; at >= 0; at -= 1) {
    const [first, last] = spoken[at] ?? [0, -1];
    if (hour >= first) return hour <= last;
  }
  return false;
}
