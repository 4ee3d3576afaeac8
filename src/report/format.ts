import { hourMs } from "./hours.ts";

/** `12,345`. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const [whole = "0", fraction] = String(Math.abs(Math.round(value * 100) / 100)).split(".");
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ",");
  return `${value < 0 ? "−" : ""}${grouped}${fraction === undefined ? "" : `.${fraction}`}`;
}

/** `1.2 k`, `34 M`: for axes and tiles, two significant digits. */
export function compact(value: number): string {
  const units: readonly (readonly [number, string])[] = [
    [1e9, " G"],
    [1e6, " M"],
    [1e3, " k"],
  ];
  const unit = units.find(([size]) => Math.abs(value) >= size);
  if (unit === undefined) return count(value);
  const scaled = value / unit[0];
  return `${scaled >= 100 ? Math.round(scaled) : Math.round(scaled * 10) / 10}${unit[1]}`;
}

/** `1 alert`, `2 alerts`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `2026-03-14 02:11:09`; the page says UTC. A time that cannot be read is given back as it is. */
export function utcSecond(time: string | number): string {
  return iso(time)?.slice(0, 19).replace("T", " ") ?? String(time);
}

/** `2026-03-14 02:11`. */
export function utcMinute(time: string | number): string {
  return utcSecond(time).slice(0, 16);
}

/** `14 Mar`. */
export function utcDay(time: number): string {
  const text = iso(time) ?? "";
  return `${Number(text.slice(8, 10))} ${months[Number(text.slice(5, 7)) - 1] ?? ""}`;
}

/** `2026-03-14 02:00` of an hour since the epoch. */
export function utcHour(hour: number): string {
  return utcMinute(hour * hourMs);
}

/** `3 d 4 h`, `25 min`. */
export function duration(lengthMs: number): string {
  const minutes = Math.round(lengthMs / 60_000);
  if (minutes < 1) return `${Math.round(lengthMs / 1_000)} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  if (hours < 48) return `${hours} h`;
  const rest = hours % 24;
  return rest === 0 ? `${hours / 24} d` : `${Math.floor(hours / 24)} d ${rest} h`;
}

/** A share as `12 %`; never `0 %` or `100 %` for something in between. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 1) return "< 1 %";
  return value > 99 && value < 100 ? "> 99 %" : `${Math.round(value)} %`;
}

/** Keeps both ends of a long name: `app-production…worker-7`. */
export function shortened(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const tail = Math.floor((longest - 1) / 3);
  return `${text.slice(0, longest - 1 - tail)}…${text.slice(text.length - tail)}`;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function iso(time: string | number): string | undefined {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
