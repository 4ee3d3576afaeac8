import { Duration } from "aws-cdk-lib";
import { type Alarm, AlarmStatusWidget, Dashboard, type IMetric } from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import type { FunctionName } from "../bundle.ts";
import { maximumOf, sumOf } from "./alarms.ts";
import type { StreamAccess } from "./encrypted-stream.ts";
import { graph, ofStream } from "./graphs.ts";
import { countOf, handlerNamespace } from "./handler-metrics.ts";
import type { KeyhawkFunction } from "./keyhawk-function.ts";
import type { LogSignals } from "./log-signals.ts";
import type { MemoryTable } from "./memory-table.ts";

export interface ServerlessDashboardProps {
  readonly name: string;
  readonly source: StreamAccess;
  readonly entities: StreamAccess;
  readonly table: MemoryTable;
  readonly functions: Readonly<Record<FunctionName, KeyhawkFunction>>;
  readonly signals: LogSignals;
  readonly alarms: readonly Alarm[];
}

/** One page: is it well, is it late, what does it cost. */
export class ServerlessDashboard extends Construct {
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, props: ServerlessDashboardProps) {
    super(scope, id);
    const { name, source, entities, table, signals, alarms } = props;
    const streams = [source, entities];
    const functions = Object.entries(props.functions);
    const perFunction = (metricName: string): IMetric[] =>
      functions.map(([label, target]) => lambdaMetric(metricName, label, target));
    this.dashboard = new Dashboard(this, "Dashboard", {
      dashboardName: `${name}-serverless`,
      defaultInterval: Duration.hours(12),
      widgets: [
        [new AlarmStatusWidget({ title: "Alarms", alarms: [...alarms], width: 24, height: 4 })],
        [
          graph(
            "Records in",
            streams.map((stream) => ofStream("IncomingRecords", stream)),
          ),
          graph(
            "Bytes in",
            streams.map((stream) => ofStream("IncomingBytes", stream)),
          ),
          graph("Behind, ms", perFunction("IteratorAge")),
        ],
        [
          graph("KMS events", [countOf("spread", "kmsEvents"), countOf("detect", "late")]),
          graph("Entities committed", [countOf("detect", "commits")]),
          graph("Set aside", [countOf("spread", "deadLetters"), countOf("detect", "deadLetters")]),
        ],
        [
          graph("Duration, ms", perFunction("Duration")),
          graph("Calls", perFunction("Invocations")),
          graph("Errors", perFunction("Errors")),
        ],
        [
          graph(
            "Table: capacity units",
            ["ConsumedWriteCapacityUnits", "ConsumedReadCapacityUnits"].map((metric) =>
              sumOf("AWS/DynamoDB", metric, { TableName: table.table.tableName }, 5),
            ),
          ),
          graph("Alerts not accepted", [signals.metric("DeliveryFailures")]),
          graph("Oldest alert waiting, ms", [
            maximumOf(handlerNamespace, "oldestPendingMs", { handler: "tick" }, 5),
          ]),
        ],
      ],
    });
  }
}

function lambdaMetric(metricName: string, label: string, target: KeyhawkFunction): IMetric {
  const dimensions = { FunctionName: target.function.functionName };
  const isGauge = metricName === "IteratorAge" || metricName === "Duration";
  return (isGauge ? maximumOf : sumOf)("AWS/Lambda", metricName, dimensions, 5).with({ label });
}
