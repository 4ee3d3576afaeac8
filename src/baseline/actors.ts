import { isKnown, type KnownSet, meet, newKnownSet } from "./known-set.ts";

/** Who did a kind of thing before, and who does it regularly. Bounded plain data. */
export interface Actors {
  known: KnownSet;
  /** Families of names, so that a role made anew under a generated name is no stranger. */
  families: KnownSet;
  regulars: KnownSet;
}

/** How well somebody is known for a kind of thing; `kin`: only others of the same family did it. */
export type Standing = "regular" | "known" | "kin" | "new";

/** Somebody who acts, by a stable name and the family of that name. */
export interface Actor {
  readonly name: string;
  readonly family: string;
}

const MOST_ACTORS = 200;
/** Days on which somebody has done it before it counts as what they do. */
const REGULAR_DAYS = 3;

export function newActors(): Actors {
  return { known: newKnownSet(), families: newKnownSet(), regulars: newKnownSet() };
}

/** Learns that somebody did it in `hour`; the same few names in any order teach the same. */
export function learnActor(actors: Actors, { name, family }: Actor, hour: number): void {
  meet(actors.known, name, hour, MOST_ACTORS);
  meet(actors.families, family, hour, MOST_ACTORS);
  const days = actors.known.members[name]?.[2] ?? 0;
  if (days >= REGULAR_DAYS) meet(actors.regulars, name, hour, MOST_ACTORS);
}

/** How well somebody was known by the hour `knownBy`; what is learned later does not change the answer. */
export function standingOf(actors: Actors, { name, family }: Actor, knownBy: number): Standing {
  if (isKnown(actors.regulars, name, knownBy)) return "regular";
  if (isKnown(actors.known, name, knownBy)) return "known";
  return isKnown(actors.families, family, knownBy) ? "kin" : "new";
}
