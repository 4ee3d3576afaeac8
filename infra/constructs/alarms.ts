import { Duration } from "aws-cdk-lib";
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  Metric,
  Stats,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Construct } from "constructs";
import type { EncryptedTopic } from "./encrypted-topic.ts";

export interface AlarmsProps {
  /** Not the topic of the alerts: who mends the machine is often somebody else, and a broken topic must not hide itself. */
  readonly operations: EncryptedTopic;
}

export interface AlarmProps {
  readonly metric: IMetric;
  /** What is wrong, and where to look first. */
  readonly description: string;
  /** It rings from this value on; with `below`, at less than it. */
  readonly threshold: number;
  readonly below?: boolean;
  /** Periods in a row; 1 by default. */
  readonly periods?: number;
  /** Whether no data is as bad as bad data. */
  readonly ringsWithoutData?: boolean;
}

/** The alarms of a stack; each tells the operations topic when it starts and when it is over. */
export class Alarms extends Construct {
  readonly alarms: Alarm[] = [];
  readonly #operations: EncryptedTopic;

  constructor(scope: Construct, id: string, { operations }: AlarmsProps) {
    super(scope, id);
    this.#operations = operations;
    operations.allowAlarms();
  }

  add(id: string, props: AlarmProps): Alarm {
    const { metric, description, threshold, below = false, periods = 1 } = props;
    const alarm = new Alarm(this, id, {
      metric,
      alarmDescription: description,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: below
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData:
        props.ringsWithoutData === true
          ? TreatMissingData.BREACHING
          : TreatMissingData.NOT_BREACHING,
    });
    const tell = new SnsAction(this.#operations.topic);
    alarm.addAlarmAction(tell);
    alarm.addOkAction(tell);
    this.alarms.push(alarm);
    return alarm;
  }
}

/** A sum over a period of minutes. */
export function sumOf(
  namespace: string,
  metricName: string,
  dimensionsMap: Record<string, string>,
  periodMinutes: number,
): Metric {
  const period = Duration.minutes(periodMinutes);
  return new Metric({ namespace, metricName, dimensionsMap, period, statistic: Stats.SUM });
}

/** A maximum over a period of minutes. */
export function maximumOf(
  namespace: string,
  metricName: string,
  dimensionsMap: Record<string, string>,
  periodMinutes: number,
): Metric {
  const period = Duration.minutes(periodMinutes);
  return new Metric({ namespace, metricName, dimensionsMap, period, statistic: Stats.MAXIMUM });
}
