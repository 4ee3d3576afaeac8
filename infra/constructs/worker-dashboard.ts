import { Duration } from "aws-cdk-lib";
import { type Alarm, AlarmStatusWidget, Dashboard } from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import { maximumOf } from "./alarms.ts";
import type { StreamAccess } from "./encrypted-stream.ts";
import { graph, ofStream } from "./graphs.ts";
import type { LogSignals } from "./log-signals.ts";

export interface WorkerDashboardProps {
  readonly name: string;
  readonly source: StreamAccess;
  readonly signals: LogSignals;
  readonly alarms: readonly Alarm[];
}

/** One page: is it well, is it late. */
export class WorkerDashboard extends Construct {
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, props: WorkerDashboardProps) {
    super(scope, id);
    const { name, source, signals, alarms } = props;
    const stream = { StreamName: source.streamName };
    const own = `Keyhawk/${name}`;
    this.dashboard = new Dashboard(this, "Dashboard", {
      dashboardName: `${name}-worker`,
      defaultInterval: Duration.hours(12),
      widgets: [
        [new AlarmStatusWidget({ title: "Alarms", alarms: [...alarms], width: 24, height: 4 })],
        [
          graph("Records in", [ofStream("IncomingRecords", source)]),
          graph("Bytes in", [ofStream("IncomingBytes", source)]),
          graph("Behind, ms", [
            maximumOf("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", stream, 5),
          ]),
        ],
        [
          graph("Volume and memory, %", [
            maximumOf(own, "disk_used_percent", {}, 5),
            maximumOf(own, "mem_used_percent", {}, 5),
          ]),
          graph("Alerts not accepted", [signals.metric("DeliveryFailures")]),
          graph("Errors logged", [signals.metric("ErrorLines")]),
        ],
      ],
    });
  }
}
