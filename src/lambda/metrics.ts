/** Numbers of one invocation by name; each is a metric. */
export type Counts = Record<string, number>;

/** What writes metrics; a line each. */
export interface MetricWriter {
  write(line: string): unknown;
}

const NAMESPACE = "Keyhawk";
/** Most metrics that one line may name (CloudWatch embedded metric format). */
const MOST_METRICS = 100;

/**
 * Writes the numbers of one invocation as one line of CloudWatch's embedded metric format, from which CloudWatch makes metrics
 * without a request (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
 * Names that end in `Ms` are milliseconds, in `Bytes` bytes, all others counts. Zeros are left out.
 */
export function writeMetrics(
  writer: MetricWriter,
  handler: string,
  counts: Counts,
  nowMs: number,
): void {
  const told = Object.entries(counts)
    .filter(([, value]) => value !== 0 && Number.isFinite(value))
    .slice(0, MOST_METRICS);
  if (told.length === 0) return;
  const line = {
    _aws: {
      Timestamp: nowMs,
      CloudWatchMetrics: [
        {
          Namespace: NAMESPACE,
          Dimensions: [["handler"]],
          Metrics: told.map(([Name]) => ({ Name, Unit: unitOf(Name) })),
        },
      ],
    },
    handler,
    ...Object.fromEntries(told),
  };
  writer.write(`${JSON.stringify(line)}\n`);
}

/** Adds to one number. */
export function count(counts: Counts, name: string, by = 1): void {
  counts[name] = (counts[name] ?? 0) + by;
}

function unitOf(name: string): string {
  if (name.endsWith("Ms")) return "Milliseconds";
  return name.endsWith("Bytes") ? "Bytes" : "Count";
}
