import { z } from "zod";
import { type Severity, severities } from "../detection/alert.ts";

const time = z.string().refine((text) => !Number.isNaN(Date.parse(text)), "expected a time");

/** What of an alert in native format is judged; the rest is not read, so that other tools' alerts can be judged too. */
const Line = z.looseObject({
  alertId: z.string(),
  revision: z.int().min(0).default(0),
  detector: z.string(),
  severity: z.enum(severities),
  score: z.number(),
  eventTime: time,
  window: z.looseObject({ start: time, end: time }).optional(),
  principal: z.looseObject({ key: z.string(), session: z.string().nullish() }).nullish(),
  kmsKey: z.looseObject({ arn: z.string() }).nullish(),
  accountId: z.string().nullish(),
  evidence: z.looseObject({ eventIds: z.array(z.string()).default([]) }).optional(),
});

/** An alert with all its revisions folded into one. */
export interface JudgedAlert {
  readonly id: string;
  readonly detector: string;
  /** Of the last revision. */
  readonly severity: Severity;
  /** Of the last revision, 0 to 100. */
  readonly score: number;
  /** Event time of the first revision, milliseconds since the epoch: when it was first named. */
  readonly firstMs: number;
  /** Span that any revision is about. */
  readonly startMs: number;
  readonly endMs: number;
  /** Principal key, for permission-set roles with `#` and the person; undefined where it is about no principal. */
  readonly principal: string | undefined;
  readonly key: string | undefined;
  readonly account: string | undefined;
  readonly eventIds: ReadonlySet<string>;
}

/** A line of an alerts file that is no alert in native format. */
export class AlertLineError extends Error {
  override readonly name = "AlertLineError";
  /** From 1. */
  readonly line: number;

  constructor(line: number, problem: string) {
    super(`line ${line}: ${problem}`);
    this.line = line;
  }
}

/** Reads NDJSON alerts in native format, revisions in any order. Throws `AlertLineError` for the first line that is none. */
export function readAlerts(text: string): JudgedAlert[] {
  const revisions = new Map<string, z.infer<typeof Line>[]>();
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const alert = readLine(line, index + 1);
    const known = revisions.get(alert.alertId);
    if (known === undefined) revisions.set(alert.alertId, [alert]);
    else known.push(alert);
  }
  return [...revisions.values()].map(fold);
}

function readLine(line: string, number: number): z.infer<typeof Line> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new AlertLineError(number, "expected an alert as JSON");
  }
  const parsed = Line.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AlertLineError(number, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
}

function fold(revisions: z.infer<typeof Line>[]): JudgedAlert {
  const sorted = revisions.sort((a, b) => a.revision - b.revision);
  const first = sorted[0];
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) throw new RangeError("no revision");
  const starts = sorted.map(({ window, eventTime }) => Date.parse(window?.start ?? eventTime));
  const ends = sorted.map(({ window, eventTime }) => Date.parse(window?.end ?? eventTime));
  return {
    id: last.alertId,
    detector: last.detector,
    severity: last.severity,
    score: last.score,
    firstMs: Date.parse(first.eventTime),
    startMs: Math.min(...starts),
    endMs: Math.max(...ends),
    principal:
      last.principal === undefined || last.principal === null
        ? undefined
        : entityOf(last.principal),
    key: last.kmsKey?.arn,
    account: last.accountId ?? undefined,
    eventIds: new Set(sorted.flatMap(({ evidence }) => evidence?.eventIds ?? [])),
  };
}

/** Many people share a permission-set role: there the person is the principal, as in truth.json. */
function entityOf(principal: { key: string; session?: string | null | undefined }): string {
  const { key, session } = principal;
  const shared = key.includes("/AWSReservedSSO_");
  return shared && session !== undefined && session !== null ? `${key}#${session}` : key;
}
