/** Days of the week, Sunday first. */
export const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/** Why a text is no time zone of the IANA database; undefined where it is one. */
export function zoneProblem(timeZone: string): string | undefined {
  try {
    clockOf(timeZone);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Day of the week (0 is Sunday) and minute of the day by the clocks of a time zone, clock changes included. */
export function localTime(timeMs: number, timeZone: string): { day: number; minute: number } {
  const parts = new Map(
    clockOf(timeZone)
      .formatToParts(timeMs)
      .map(({ type, value }) => [type, value]),
  );
  const name = (parts.get("weekday") ?? "Sun").toLowerCase();
  return {
    day: WEEKDAYS.findIndex((weekday) => weekday === name),
    minute: Number(parts.get("hour")) * 60 + Number(parts.get("minute")),
  };
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Formatters are dear to make and the same for all times. */
function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  clocks.set(timeZone, made);
  return made;
}
