/** A log file that CloudTrail delivered, as its name tells. */
export interface TrailName {
  readonly accountId: string;
  readonly region: string;
  /** When it was delivered, to the minute: `20260314T0210Z`. */
  readonly stamp: string;
}

/**
 * Reads `ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_RANDOM.json.gz`; undefined for any other name. The format is that of
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
 */
export function readTrailName(name: string): TrailName | undefined {
  const [, accountId, region, stamp] = trailName.exec(name) ?? [];
  if (accountId === undefined || region === undefined || stamp === undefined) return undefined;
  return { accountId, region, stamp };
}

const trailName = /^(\d{12})_CloudTrail_([a-z0-9-]+)_(\d{8}T\d{4}Z)_[^/]+\.json(?:\.gz)?$/;

/** Why a file is not read: undefined where it is one of ours to read. */
export function skipReason(path: string, size: number): SkipReason | undefined {
  const name = baseName(path);
  if (name.startsWith(".")) return "hidden";
  if (size === 0) return "empty";
  if (/_CloudTrail-Digest_|\/CloudTrail-Digest\//.test(path)) return "digest";
  if (/_CloudTrail-Insight_|\/CloudTrail-Insight\//.test(path)) return "insight";
  if (/^\d{12}_(?!CloudTrail)[A-Za-z][A-Za-z-]*_/.test(name)) return "other service";
  return /\.(?:json|ndjson|jsonl)(?:\.gz)?$/i.test(name) ? undefined : "unknown kind";
}

export type SkipReason =
  | "hidden"
  | "empty"
  | "digest"
  | "insight"
  | "other service"
  | "unknown kind";

/** What a folder means by its place in CloudTrail's layout, under any prefix. */
export function folderKind(folder: string): FolderKind {
  if (baseName(folder).startsWith(".")) return "hidden";
  if (foreignPart(folder) !== undefined) return "foreign";
  return laneFolder.test(folder) ? "lane" : "plain";
}

/** `lane`: files of one account and region in folders of dates; `foreign`: files of other services, digests, Insights. */
export type FolderKind = "hidden" | "foreign" | "lane" | "plain";

/** The outermost folder of the path that belongs to another service, or to CloudTrail's digests or Insights. */
export function foreignPart(folder: string): string | undefined {
  return foreignFolder.exec(folder)?.[0];
}

const laneFolder =
  /(?:^|\/)\d{12}\/CloudTrail\/[a-z]{2}[a-z0-9-]*-\d\/(?:\d{4}\/(?:\d\d\/(?:\d\d\/)?)?)?$/;
const foreignFolder =
  /^(?:.*?\/)??(?:CloudTrail-(?:Digest|Insight)|AWSLogs\/(?:o-[a-z0-9]+\/)?\d{12}\/(?!CloudTrail)[^/]+)\//;

/** The date parts at the end of a lane's folder, e.g. `["2026", "03"]`. */
export function dateParts(folder: string): string[] {
  const [, year, month, day] = /\/(\d{4})\/(?:(\d\d)\/(?:(\d\d)\/)?)?$/.exec(folder) ?? [];
  return [year, month, day].filter((part) => part !== undefined);
}

/** Last part of a path, without a `/` at its end. */
export function baseName(path: string): string {
  const end = path.endsWith("/") ? path.length - 1 : path.length;
  return path.slice(path.lastIndexOf("/", end - 1) + 1, end);
}

/** Dates of delivery, `YYYYMMDD`, first and last included. */
export interface DateRange {
  readonly first: string;
  readonly last: string;
}

/**
 * Dates on which events of a span of time were delivered. Nothing is delivered before it happened, so that there is no
 * slack at the start; at the end there is one day, far more than the five minutes that are usual. What CloudTrail delivers
 * later still (it retries for 30 days) is not read when an end is given.
 */
export function deliveryDates(fromMs: number | undefined, toMs: number | undefined): DateRange {
  return {
    first: fromMs === undefined ? "00000000" : dateOf(fromMs),
    last: toMs === undefined ? "99999999" : dateOf(toMs + dayMs),
  };
}

/** Whether some date that begins with these parts lies in the range. */
export function mayHold(range: DateRange, parts: readonly string[]): boolean {
  const prefix = parts.join("");
  return (
    range.first.slice(0, prefix.length) <= prefix && prefix <= range.last.slice(0, prefix.length)
  );
}

/** Milliseconds since the epoch of a stamp like `20260314T0210Z`. */
export function stampMs(stamp: string): number {
  const number = (from: number, to: number) => Number(stamp.slice(from, to));
  return Date.UTC(number(0, 4), number(4, 6) - 1, number(6, 8), number(9, 11), number(11, 13));
}

/** Milliseconds since the epoch of the start of a date like `20260314`. */
export function dateMs(date: string): number {
  return stampMs(`${date}T0000Z`);
}

/** The stamp of a time, to the minute. */
export function stampOf(timeMs: number): string {
  const iso = new Date(timeMs).toISOString();
  return `${iso.slice(0, 16).replaceAll(/[-:]/g, "")}Z`;
}

const dayMs = 86_400_000;

function dateOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10).replaceAll("-", "");
}
