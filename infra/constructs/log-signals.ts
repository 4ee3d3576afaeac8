import { Duration } from "aws-cdk-lib";
import { type IMetric, Metric, Stats } from "aws-cdk-lib/aws-cloudwatch";
import { FilterPattern, type LogGroup, MetricFilter } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { Alarms } from "./alarms.ts";

export interface LogSignalsProps {
  /** Name of the deployment; the metrics are in the namespace Keyhawk/NAME. */
  readonly name: string;
  readonly logGroups: readonly LogGroup[];
}

/** What Keyhawk says of itself in its log, counted: the words are those of src/delivery and src/lambda. */
export class LogSignals extends Construct {
  readonly namespace: string;
  readonly filters: readonly MetricFilter[];

  constructor(scope: Construct, id: string, { name, logGroups }: LogSignalsProps) {
    super(scope, id);
    this.namespace = `Keyhawk/${name}`;
    this.filters = logGroups.flatMap((logGroup, index) =>
      Object.entries(signals).map(
        ([metricName, { pattern, value }]) =>
          new MetricFilter(this, `${metricName}${index}`, {
            logGroup,
            metricNamespace: this.namespace,
            metricName,
            filterPattern: FilterPattern.literal(pattern),
            metricValue: value,
          }),
      ),
    );
  }

  metric(name: keyof typeof signals): IMetric {
    return new Metric({
      namespace: this.namespace,
      metricName: name,
      period: Duration.minutes(5),
      statistic: Stats.SUM,
    });
  }

  alarm(alarms: Alarms): void {
    alarms.add("ErrorLines", {
      metric: this.metric("ErrorLines"),
      description:
        "Keyhawk: an error that somebody must mend was logged. Look for level=error in its log groups.",
      threshold: 1,
    });
    alarms.add("DeliveryFailures", {
      metric: this.metric("DeliveryFailures"),
      description:
        "Keyhawk: a sink does not accept alerts; they wait and are sent again. Look for `not accepted` in the log.",
      threshold: 1,
      periods: 3,
    });
  }
}

const signals = {
  ErrorLines: { pattern: '{ $.level = "error" }', value: "1" },
  DeliveryFailures: { pattern: '{ $.message = "not accepted" }', value: "$.alerts" },
} as const;
