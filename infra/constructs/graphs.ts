import { GraphWidget, type IMetric, type Metric } from "aws-cdk-lib/aws-cloudwatch";
import { sumOf } from "./alarms.ts";
import type { StreamAccess } from "./encrypted-stream.ts";

/** One of three graphs in a row of a dashboard. */
export function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 8, height: 6 });
}

/** A sum over five minutes of what a stream counts. */
export function ofStream(metricName: string, { streamName }: StreamAccess): Metric {
  return sumOf("AWS/Kinesis", metricName, { StreamName: streamName }, 5);
}
