import { InvalidArgumentError } from "commander";
import { z } from "zod";
import { nearestName } from "../config/nearest-name.ts";

const dayMs = 86_400_000;
const unitsMs: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: dayMs,
  w: 7 * dayMs,
};

/** A date or date-time, UTC where it names no offset, as milliseconds since the epoch. */
export function parseTime(text: string): number {
  const isDate = z.iso.date().safeParse(text).success;
  const isTime = z.iso.datetime({ offset: true, local: true }).safeParse(text).success;
  if (!isDate && !isTime) {
    throw new InvalidArgumentError(
      "Expected a date or time in UTC, such as 2026-03-14 or 2026-03-14T02:11:09Z.",
    );
  }
  const hasOffset = isDate || /(Z|[+-]\d\d:?\d\d)$/.test(text);
  return Date.parse(hasOffset ? text : `${text}Z`);
}

/** A time as `parseTime` takes it, or how long from `nowMs` on: `12h`, `30d`, `2w`. */
export function parseExpiry(text: string, nowMs: number): number {
  const [, count, unit] = /^(\d{1,5})([mhdw])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined)
    return nowMs + Number(count) * (unitsMs[unit] ?? 0);
  try {
    return parseTime(text);
  } catch {
    throw new InvalidArgumentError(
      "Expected a time such as 2026-03-14, or a duration such as 12h or 30d.",
    );
  }
}

/** A whole number within bounds, for an option. */
export function parseCount(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!/^\d+$/.test(text) || count < minimum || count > maximum) {
      throw new InvalidArgumentError(`Expected a whole number from ${minimum} to ${maximum}.`);
    }
    return count;
  };
}

/** One of some names, for an option; the nearest is suggested for a wrong one. */
export function parseName<Name extends string>(names: readonly Name[]): (text: string) => Name {
  return (text) => {
    const name = names.find((candidate) => candidate === text);
    if (name !== undefined) return name;
    const nearest = nearestName(text, names);
    const hint = nearest === undefined ? "" : ` Did you mean ${nearest}?`;
    throw new InvalidArgumentError(`Expected one of ${names.join(", ")}.${hint}`);
  };
}
