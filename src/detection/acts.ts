import {
  type Actors,
  learnActor,
  newActors,
  type Standing,
  standingOf,
} from "../baseline/actors.ts";
import { daysSince, HOUR_MS } from "../baseline/calendar.ts";
import type { KmsEvent } from "../cloudtrail/event.ts";
import type { Finding, HourView, Reason } from "./detector.ts";
import { addEvidence, type Evidence, newEvidence } from "./evidence.ts";

/** What principals did to keys in an hour, for detectors of administration. Plain data; noting commutes. */
export interface ActsOfHour {
  events: number;
  /** By entity. */
  doers: Record<string, Doer>;
}

/** Act → its points and what is said of it; the things it was done to follow. */
export type ActWeights = Readonly<Record<string, readonly [points: number, text: string]>>;

/** What one principal did within the hour. */
export interface Doer {
  firstMs: number;
  family: string;
  human: boolean;
  /** Kind of act → the things it was done to, sorted, at most 50. */
  acts: Record<string, string[]>;
  evidence: Evidence;
}

/** What was learned about who does it. */
export interface ActsBaseline {
  born: number;
  events: number;
  /** Hours in which it was done. */
  acts: number;
  actors: Actors;
}

/** What an hour of acts is judged by beside who is known. */
export interface ActsLimits {
  days: number;
  events: number;
  acts: number;
}

type ActsView = Pick<
  HourView<ActsBaseline, ActsOfHour, ActsLimits>,
  "hour" | "baseline" | "knownBy"
>;

const MOST_DOERS = 200;
const MOST_THINGS = 50;
/** Refused or void acts, of which nobody becomes known, are marked so. */
const REFUSED = "refused:";

export function newActsOfHour(): ActsOfHour {
  return { events: 0, doers: {} };
}

export function newActsBaseline(): ActsBaseline {
  return { born: -1, events: 0, acts: 0, actors: newActors() };
}

export function actsLimits({ born, events, acts }: ActsBaseline, hour: number): ActsLimits {
  return { days: daysSince(born, hour), events, acts };
}

/** Notes that the event's principal did this kind of act to this thing; `refused` acts get a name of their own. */
export function noteAct(bucket: ActsOfHour, event: KmsEvent, act: string, thing: string): void {
  const name = event.principal.entity;
  let doer = bucket.doers[name];
  if (doer === undefined) {
    if (Object.keys(bucket.doers).length >= MOST_DOERS) return;
    doer = newDoer(event);
    bucket.doers[name] = doer;
  }
  doer.firstMs = Math.min(doer.firstMs, event.timeMs);
  doer.human ||= event.principal.human;
  const code = event.error === undefined ? act : `${REFUSED}${act}`;
  keepThing((doer.acts[code] ??= []), thing);
}

/** Counts an event that was noted, once however many acts it is. */
export function witness(bucket: ActsOfHour, event: KmsEvent): void {
  const doer = bucket.doers[event.principal.entity];
  if (doer !== undefined) addEvidence(doer.evidence, event);
}

/** Things that this kind of act was done to; empty where it was not done. */
export function thingsOf(doer: Doer, act: string): readonly string[] {
  return doer.acts[act] ?? [];
}

/** Things at which the principal was refused, whatever it tried. */
export function refusalsOf({ acts }: Doer): readonly string[] {
  return Object.keys(acts).flatMap((code) => (code.startsWith(REFUSED) ? (acts[code] ?? []) : []));
}

/** Learns who acted; who was only refused is not learned. */
export function learnActs(baseline: ActsBaseline, hour: number, bucket: ActsOfHour): void {
  if (baseline.born < 0) baseline.born = hour;
  baseline.events += bucket.events;
  let isActive = false;
  for (const name of Object.keys(bucket.doers).sort()) {
    const doer = bucket.doers[name];
    if (doer === undefined) continue;
    if (Object.keys(doer.acts).every((code) => code.startsWith(REFUSED))) continue;
    learnActor(baseline.actors, { name, family: doer.family }, hour);
    isActive = true;
  }
  if (isActive) baseline.acts += 1;
}

/** How well the principal was known for it when the hour opened. */
export function standingOfDoer(
  baseline: ActsBaseline,
  name: string,
  doer: Doer,
  knownBy: number,
): Standing {
  return standingOf(baseline.actors, { name, family: doer.family }, knownBy);
}

/** A reason for each of these acts that was done, in their order. */
export function toldActs(doer: Doer, weights: ActWeights) {
  return Object.entries(weights).flatMap(([code, [points, text]]) => {
    const things = thingsOf(doer, code);
    return things.length === 0 ? [] : [{ code, text: `${text}: ${listed(things)}.`, points }];
  });
}

function listed(things: readonly string[]): string {
  const names = things.slice(0, 3).map((name) => (name === "*" ? "everybody" : name));
  const more = things.length - names.length;
  return more > 0 ? `${names.join(", ")} and ${more} more` : names.join(", ");
}

/** How far an hour of acts has gone: another kind of act is a step, as is four times the number of things. */
export function levelOfActs({ acts }: Doer): number {
  const lists = Object.values(acts);
  const things = lists.reduce((sum, list) => sum + list.length, 0);
  return lists.length - 1 + Math.floor(Math.log(Math.max(1, things)) / Math.log(4) + 1e-9);
}

/**
 * What speaks for or against somebody by how well they are known for it: a stranger counts only where there is a history of
 * `learningDays` that they are new to.
 */
export function standingReasons(
  standing: Standing,
  limits: ActsLimits,
  { learningDays, regular }: { readonly learningDays: number; readonly regular: number },
): Reason[] {
  if (standing === "regular") {
    return [{ code: "regular", text: "The principal does this regularly.", points: -regular }];
  }
  if (standing === "known") {
    return [{ code: "did-before", text: "The principal has done this before.", points: -6 }];
  }
  if (standing === "kin" || limits.days < learningDays) return [];
  const days = Math.floor(limits.days);
  return [{ code: "new-actor", text: `Had not done this in ${days} days.`, points: 8 }];
}

/** What a detector has to say of one principal's hour of acts. */
export interface ActsStory extends Pick<
  Finding,
  "title" | "summary" | "reasons" | "observed" | "expected" | "baseline"
> {
  readonly key?: Finding["key"];
  readonly accountId?: string;
}

/** The finding about one principal's hour of acts; `actor` says how well it is known for them. */
export function actsFinding(
  { hour, baseline, knownBy }: ActsView,
  subject: string,
  doer: Doer,
  story: ActsStory,
): Finding {
  const { title, summary, reasons, observed, expected, key = null, accountId = null } = story;
  const { evidence, firstMs } = doer;
  return {
    title,
    summary,
    reasons,
    eventTimeMs: firstMs,
    windowStartMs: hour * HOUR_MS,
    windowEndMs: (hour + 1) * HOUR_MS,
    principal: evidence.principal,
    key,
    accountId: accountId ?? key?.accountId ?? null,
    region: key?.region ?? null,
    observed,
    expected: { ...expected, actor: standingOfDoer(baseline, subject, doer, knownBy) },
    baseline: story.baseline,
    evidence,
  };
}

function newDoer(event: KmsEvent): Doer {
  const { accountId, family, human } = event.principal;
  return {
    firstMs: event.timeMs,
    family: `${accountId ?? ""}/${family}`,
    human,
    acts: {},
    evidence: newEvidence(),
  };
}

function keepThing(things: string[], thing: string): void {
  if (things.includes(thing)) return;
  let at = things.length;
  while (at > 0 && (things[at - 1] ?? "") > thing) at -= 1;
  if (at >= MOST_THINGS) return;
  things.splice(at, 0, thing);
  if (things.length > MOST_THINGS) things.pop();
}

/** The first reason in full and the others with at most so many points: one act seldom comes without its companions. */
export function mainly(reasons: readonly Reason[], most: number): Reason[] {
  return reasons.map((reason, at) =>
    at === 0 ? reason : { ...reason, points: Math.min(reason.points, most) },
  );
}
