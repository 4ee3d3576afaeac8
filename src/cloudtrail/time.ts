/**
 * Reads an event time, in milliseconds since the epoch, UTC; undefined where it cannot be read.
 *
 * CloudTrail writes `2026-03-14T02:11:09Z`. Other tools rewrite it: fractions up to nine digits, a blank instead of the
 * `T`, no separators, an offset, no zone at all (read as UTC). Years 1970 to 9999.
 */
export function parseTime(text: unknown): number | undefined {
  if (typeof text !== "string") {
    return undefined;
  }
  return text.length === 20 ? (parseUsual(text) ?? parseOdd(text)) : parseOdd(text);
}

const ZERO = 48;

/** `YYYY-MM-DDTHH:MM:SSZ` by position; undefined for any other form. */
function parseUsual(text: string): number | undefined {
  const punctuated =
    text.charCodeAt(4) === 45 &&
    text.charCodeAt(7) === 45 &&
    text.charCodeAt(10) === 84 &&
    text.charCodeAt(13) === 58 &&
    text.charCodeAt(16) === 58 &&
    text.charCodeAt(19) === 90;
  if (!punctuated) {
    return undefined;
  }
  return timeOf(
    twoDigits(text, 0) * 100 + twoDigits(text, 2),
    twoDigits(text, 5),
    twoDigits(text, 8),
    twoDigits(text, 11),
    twoDigits(text, 14),
    twoDigits(text, 17),
  );
}

function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO;
  const ones = text.charCodeAt(at + 1) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

const ODD =
  /^(\d{4})-?(\d\d)-?(\d\d)[Tt ](\d\d):?(\d\d):?(\d\d)(?:[.,](\d{1,9}))? ?(?:[Zz]|UTC|([+-])(\d\d):?(\d\d))?$/;
const MINUTE_MS = 60_000;

function parseOdd(text: string): number | undefined {
  const parts = ODD.exec(text);
  if (parts === null) {
    return undefined;
  }
  const [
    ,
    year,
    month,
    day,
    hour,
    minute,
    second,
    fraction = "",
    sign,
    hours = "0",
    minutes = "0",
  ] = parts;
  const [offsetHours, offsetMinutes] = [Number(hours), Number(minutes)];
  const whole = timeOf(
    Number(year),
    Number(month),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  if (whole === undefined || offsetHours > 23 || offsetMinutes > 59) {
    return undefined;
  }
  const offsetMs = (offsetHours * 60 + offsetMinutes) * MINUTE_MS * (sign === "-" ? -1 : 1);
  return whole + Number(fraction.padEnd(3, "0").slice(0, 3)) - offsetMs;
}

const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** A leap second counts as the second before it. NaN in any part makes no part valid. */
function timeOf(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | undefined {
  const leapDay = month === 2 && isLeapYear(year) ? 1 : 0;
  const valid =
    year >= 1970 &&
    day >= 1 &&
    day <= (DAYS_IN_MONTH[month - 1] ?? 0) + leapDay &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 60;
  if (!valid) {
    return undefined;
  }
  const seconds = hour * 3600 + minute * 60 + Math.min(second, 59);
  return (daysSinceEpoch(year, month, day) * 86_400 + seconds) * 1000;
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Days of the Gregorian calendar, with years that begin in March so that the leap day is their last. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const leapDays =
    Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return marchYear * 365 + leapDays + dayOfYear - 719_468;
}
