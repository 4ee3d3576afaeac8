/**
 * Which things somebody reaches only through others, by name, and since when. A thing that is also reached directly is not judged
 * any more. Plain data.
 *
 * A thing is settled once it was reached so in enough hours. What was reached directly before it was settled is no more than a
 * mark, an empty list.
 */
export type IndirectUse = Record<string, IndirectThing>;

type IndirectThing =
  | []
  | [sinceHour: number, hours: number]
  | [sinceHour: number, hours: number, settledHour: number]
  | [sinceHour: number, hours: number, settledHour: number, directHour: number];

/** Things that are remembered; one that is not settled makes room, the longest known first. */
const MOST_THINGS = 60;

/**
 * Whether, by the hour `knownBy`, a thing was settled, and reached only through others, for so many days before `hour`. What was
 * learned later does not count, so that the answer for an hour does not depend on how much of the time after it was learned.
 */
export function isIndirect(
  use: IndirectUse,
  name: string,
  { hour, knownBy, days }: { hour: number; knownBy: number; days: number },
): boolean {
  const [since, , settled, direct] = use[name] ?? [];
  if (since === undefined || settled === undefined || settled > knownBy) return false;
  return hour - since >= days * 24 && (direct === undefined || direct > knownBy);
}

/** Days since a thing was first reached; 0 for one that is not known. */
export function daysOf(use: IndirectUse, name: string, hour: number): number {
  const [since = hour] = use[name] ?? [];
  return (hour - since) / 24;
}

/** Number of things that are settled, and how many of them were reached directly since. */
export function countIndirect(use: IndirectUse): { settled: number; turned: number } {
  let settled = 0;
  let turned = 0;
  for (const name of Object.keys(use)) {
    const length = use[name]?.length ?? 0;
    if (length > 2) settled += 1;
    if (length > 3) turned += 1;
  }
  return { settled, turned };
}

/** Learns that a thing was reached through others in `hour`; hours in strict order, and before what was direct in the same hour. */
export function learnIndirect(
  use: IndirectUse,
  name: string,
  hour: number,
  settledAfterHours: number,
): void {
  const thing = use[name];
  if (thing === undefined && !hasRoom(use)) return;
  const [since = hour, hours = 0] = thing ?? [];
  // Marked, or settled: nothing more to learn.
  if (thing?.length === 0 || (thing !== undefined && thing.length > 2)) return;
  use[name] = hours + 1 < settledAfterHours ? [since, hours + 1] : [since, hours + 1, hour];
}

/** Learns that a thing was reached directly in `hour`. One that was never reached through others is not remembered. */
export function learnDirect(use: IndirectUse, name: string, hour: number): void {
  const thing = use[name];
  if (thing === undefined) return;
  if (thing.length === 3) use[name] = [...thing, hour];
  else if (thing.length === 2) use[name] = [];
}

/** Whether another thing can be remembered, if need be in the place of one that is not settled. */
function hasRoom(use: IndirectUse): boolean {
  const names = Object.keys(use);
  if (names.length < MOST_THINGS) return true;
  let oldest: string | undefined;
  let oldestSince = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const thing = use[name];
    if (thing?.length !== 2 || thing[0] > oldestSince) continue;
    if (thing[0] === oldestSince && oldest !== undefined && name > oldest) continue;
    oldest = name;
    [oldestSince] = thing;
  }
  if (oldest === undefined) return false;
  delete use[oldest];
  return true;
}
