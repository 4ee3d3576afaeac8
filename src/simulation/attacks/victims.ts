import { type Caller, stolen } from "../caller.ts";
import { hourMs, localHour } from "../calendar.ts";
import type { KmsCall } from "../record.ts";
import { type Use, pickUse } from "../use.ts";
import type { Random } from "../random.ts";
import type { Resident } from "../world.ts";
import type { Scene } from "./stage.ts";

/** Calls of an hour in which a resident is busy, about. */
export function busyHour(resident: Resident): number {
  const hours = resident.kind === "job" || resident.kind === "rare" ? 1 : 12;
  return Math.max(1, resident.perDay / hours);
}

/** A service, function or fleet with some traffic. */
export function isWorkload(resident: Resident): boolean {
  return /^(?:service|function|fleet)$/.test(resident.kind) && resident.perDay >= 3;
}

/**
 * The resident's own session at the time of the attack, in a thief's hands. The weaker the attack, the better it hides: from
 * the victim's own machine, or at least with the victim's own client.
 */
export function thiefOf(resident: Resident, scene: Scene): Caller {
  const own = resident.callerAt(scene.startMs, scene.random);
  const hides = scene.random.fraction();
  if (hides < scene.size(0.6, 0.3, 0.1)) return own;
  const copiesClient = hides < scene.size(0.8, 0.6, 0.4);
  const client = copiesClient ? own.userAgent : scene.strangeClient(own.userAgent);
  return stolen(own, scene.strangeAddress(), client);
}

/** The resident's own session, from where it always calls: code that was turned against its owner. */
export function insiderOf(resident: Resident, scene: Scene): Caller {
  return resident.callerAt(scene.startMs, scene.random);
}

/** So many calls as a thief takes where the victim makes `usual` an hour: no fewer than make it worthwhile. */
export function loot(usual: number, scene: Scene): number {
  const factor = scene.size(2.5, 6, 20) * scene.random.lognormal(1, 0.2);
  return Math.min(20_000, Math.round(Math.max(scene.size(6, 25, 150), usual * factor)));
}

/** The ways in which a resident reads: what a thief of its credentials can do without being refused. */
export function readingUses(resident: Resident): readonly Use[] {
  const cryptographic = resident.uses.filter(
    ({ name, context }) => context !== undefined && name.length <= 1,
  );
  return cryptographic.length === 0 ? resident.uses : cryptographic;
}

/** A Decrypt in one of the resident's own ways. */
export function ordinaryDecrypt(
  resident: Resident,
  caller: Caller,
  random: Random,
  timeMs: number,
): Omit<KmsCall, "time"> {
  const use = pickUse(readingUses(resident), random);
  return {
    caller,
    key: use.key,
    ...(use.via === undefined ? {} : { via: use.via }),
    ...(use.context === undefined ? {} : { context: use.context(random, timeMs) }),
  };
}

/** The resident's keys. */
export function keysOf(resident: Resident): Use["key"][] {
  return [...new Set(resident.uses.map(({ key }) => key))];
}

/** The first time at or after the start at which the resident's clocks show such an hour. */
export function atLocalHour(resident: Resident, startMs: number, hour: number): number {
  let timeMs = startMs;
  while (localHour(timeMs, resident.zone) !== hour) timeMs += hourMs;
  return timeMs;
}
