import type { ChangeWindow } from "./declarations.ts";
import { localTime, WEEKDAYS } from "./local-time.ts";
import { matchesAny, type NamedPrincipal, selectsKey, selectsPrincipal } from "./pattern.ts";

type Weekly = NonNullable<ChangeWindow["weekly"]>;

/** Whether the window is open at an event time. */
export function isOpen({ from, to, weekly }: ChangeWindow, timeMs: number): boolean {
  if (from !== undefined && timeMs < from) return false;
  if (to !== undefined && timeMs >= to) return false;
  return weekly === undefined || isOpenWeekly(weekly, timeMs);
}

/** What a window may be limited to, as far as it is known. */
export interface Scoped {
  readonly accountId: string | null;
  readonly keyArn: string | null;
  readonly principal: NamedPrincipal | null;
}

/** Whether the window's accounts, keys and principals, as far as it names any, all cover this. */
export function covers(
  { accounts, keys, principals }: ChangeWindow,
  { accountId, keyArn, principal }: Scoped,
  aliasArns: readonly string[],
): boolean {
  if (accounts !== undefined && (accountId === null || !matchesAny(accounts, accountId))) {
    return false;
  }
  if (
    keys !== undefined &&
    (keyArn === null || !keys.some((selector) => selectsKey(selector, keyArn, aliasArns)))
  ) {
    return false;
  }
  return (
    principals === undefined || (principal !== null && selectsPrincipal(principals, principal))
  );
}

function isOpenWeekly({ days, from, to, timeZone }: Weekly, timeMs: number): boolean {
  const { day, minute } = localTime(timeMs, timeZone);
  const [first, last] = [minutesOf(from), minutesOf(to)];
  const today = days.includes(WEEKDAYS[day] ?? "sun");
  if (first < last) return today && minute >= first && minute < last;
  const yesterday = days.includes(WEEKDAYS[(day + 6) % 7] ?? "sun");
  return (today && minute >= first) || (yesterday && minute < last);
}

function minutesOf(timeOfDay: string): number {
  const [hours = "0", minutes = "0"] = timeOfDay.split(":");
  return Number(hours) * 60 + Number(minutes);
}
