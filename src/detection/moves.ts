import { dayOf, HOUR_MS } from "../baseline/calendar.ts";
import type { KnownSet } from "../baseline/known-set.ts";
import type { AlertPrincipal } from "./alert.ts";
import type { Reason } from "./detector.ts";

/** What a workload moves when it is redeployed or its network is rebuilt. A Region is added to others rather than changed. */
export type Movable = "network" | "client";

/** A workload's first calls from a network, or with a client, that is new to it. */
export interface Move {
  readonly day: number;
  /** New names, sorted. */
  readonly names: readonly string[];
  /** What is new, and its first call. */
  readonly firstMs: Readonly<Partial<Record<Movable, number>>>;
  readonly points: number;
  /** Whether the first hour's calls encrypted too. */
  readonly writes: boolean;
  readonly principal: AlertPrincipal | null;
}

/** What an hour tells of moves. */
export interface HourOfMoves {
  readonly hour: number;
  /** Names of each kind, and their earliest call. */
  readonly met: Readonly<Record<Movable, Readonly<Record<string, number>>>>;
  /** The last call with a name that was known before the day; 0 where there was none. */
  readonly lastUsualMs: Readonly<Record<Movable, number>>;
  /** Points of a new name of each kind; 0 where nothing can be said to be new. */
  readonly points: Readonly<Record<Movable, number>>;
  /** Null where nothing was new in the hour, or a person called: people travel, and come home. */
  readonly mover: { readonly principal: AlertPrincipal | null; readonly writes: boolean } | null;
}

type Known = Readonly<Record<Movable, KnownSet>>;

const MOVABLE: readonly Movable[] = ["network", "client"];
/** A deployment that replaces machines one by one is through by then, mostly. */
const OVERLAP_MS = HOUR_MS / 2;

/** A workload's move within an hour: to names that neither what was learned nor the hours `before` it know. */
export function moveIn(
  { hour, met, points, mover }: HourOfMoves,
  known: Known,
  before: readonly HourOfMoves[],
): Move | null {
  if (mover === null) return null;
  const names: string[] = [];
  const firstMs: Partial<Record<Movable, number>> = {};
  let most = 0;
  for (const kind of MOVABLE) {
    if (points[kind] === 0) continue;
    const fresh = Object.keys(met[kind]).filter((name) => {
      const [sinceHour = hour] = known[kind].members[name] ?? [];
      return sinceHour >= hour && before.every((one) => one.met[kind][name] === undefined);
    });
    if (fresh.length === 0) continue;
    names.push(...fresh);
    firstMs[kind] = Math.min(...fresh.map((name) => met[kind][name] ?? 0));
    most = Math.max(most, points[kind]);
  }
  if (names.length === 0) return null;
  return {
    day: dayOf(hour),
    names: names.sort(),
    firstMs,
    points: most,
    writes: mover.writes,
    principal: mover.principal,
  };
}

/** The day's first move in an hour before this one: `last`, which was learned, or one of the open hours, oldest first. */
export function moveBefore(
  hour: number,
  known: Known,
  last: Move | null,
  earlier: readonly HourOfMoves[],
): Move | null {
  const day = dayOf(hour);
  if (last?.day === day) return last;
  for (const [at, one] of earlier.entries()) {
    const move = dayOf(one.hour) === day ? moveIn(one, known, earlier.slice(0, at)) : null;
    if (move !== null) return move;
  }
  return null;
}

/**
 * Whether a workload is where it always was again, half an hour or more after its move: then it did not move, but two use its
 * credentials. A network from which it encrypts as well is a second way out for itself: a thief only reads. `lastUsualMs` are the
 * last calls, in an hour of the same day, with names that were known before that day.
 */
export function isBack(lastUsualMs: HourOfMoves["lastUsualMs"], move: Move): boolean {
  return MOVABLE.some((kind) => {
    const first = move.firstMs[kind];
    if (first === undefined || (kind === "network" && move.writes)) return false;
    return lastUsualMs[kind] >= first + OVERLAP_MS;
  });
}

/** What it adds when the usual client goes on being used beside a new one, and when the usual network does. */
const BACK_POINTS = 14;
const BACK_NETWORK_POINTS = 5;

/**
 * The reason that a principal did not move: what is usual goes on being used. It is worth little for a network alone, since
 * all workloads of an account get a second way out at a time: whether the account's others come from there, `unknown-network` knows.
 */
export function backReason(isOnlyNetwork: boolean): Reason {
  const text = "The usual ones go on being used: it did not move.";
  const points = isOnlyNetwork ? BACK_NETWORK_POINTS : BACK_POINTS;
  return { code: "usual-ones-too", text, points };
}

/** Times its busiest hour, and calls at least, from a new network within an hour that are no move. */
const BEYOND_BUSIEST = 1.5;
const LEAST_BEYOND = 10;

/** The reason that a workload calls more from a new network within an hour than it does in its busiest ones; none where it does not. */
export function beyondReasons(count: number, busiest: number): Reason[] {
  if (count < LEAST_BEYOND || count <= BEYOND_BUSIEST * busiest) return [];
  const most = Math.round(busiest);
  const text = `${count} such calls in an hour; its busiest held ${most}: more than the work that moved.`;
  return [{ code: "beyond-busiest", text, points: 10 }];
}
