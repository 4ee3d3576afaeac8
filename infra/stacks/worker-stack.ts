import { Stack, type StackProps } from "aws-cdk-lib";
import { Asset } from "aws-cdk-lib/aws-s3-assets";
import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { Alarms } from "../constructs/alarms.ts";
import { Configuration } from "../constructs/configuration.ts";
import { EncryptedTopic } from "../constructs/encrypted-topic.ts";
import { LogSignals } from "../constructs/log-signals.ts";
import { addOutputs } from "../constructs/outputs.ts";
import { OwnKey } from "../constructs/own-key.ts";
import { SinkSecrets } from "../constructs/sink-secrets.ts";
import { alarmOnOldReading } from "../constructs/stream-alarms.ts";
import type { TrailBucket } from "../constructs/trail-bucket.ts";
import { alarmOnHost } from "../constructs/worker-alarms.ts";
import { WorkerDashboard } from "../constructs/worker-dashboard.ts";
import { WorkerHost } from "../constructs/worker-host.ts";
import { WorkerNetwork } from "../constructs/worker-network.ts";
import type { KeyhawkDocument } from "../keyhawk-configuration.ts";
import type { WorkerSettings } from "../settings.ts";
import type { IngestStack } from "./ingest-stack.ts";

export interface WorkerStackProps extends StackProps {
  readonly name: string;
  readonly ingest: IngestStack;
  readonly settings: WorkerSettings;
  /** Keyhawk's configuration, as `readKeyhawkConfiguration` gives it. */
  readonly document: KeyhawkDocument;
  /** Folder of the bundled program. */
  readonly programFolder: string;
  readonly alertEmails: readonly string[];
  readonly secretKeyArns: readonly string[];
  readonly logRetention: RetentionDays;
  readonly trailBucket: TrailBucket | undefined;
}

/**
 * Keyhawk as one process with its state on a volume. Not Fargate: its volumes end with the task, a network file system has not the
 * locks that SQLite's write-ahead log needs, and a table instead of a file would cost a write for each memory and commit.
 */
export class WorkerStack extends Stack {
  readonly key: OwnKey;
  readonly alerts: EncryptedTopic;
  readonly configuration: Configuration;
  readonly network: WorkerNetwork;
  readonly host: WorkerHost;
  readonly signals: LogSignals;
  readonly alarms: Alarms;
  readonly dashboard: WorkerDashboard;

  constructor(scope: Construct, id: string, props: WorkerStackProps) {
    super(scope, id, props);
    const { name, ingest, settings, document, logRetention } = props;
    const { source } = ingest;
    const logGroupPath = `/${name}/worker`;
    const availabilityZone = settings.availabilityZone ?? `${this.region}a`;
    // Otherwise the CDK asks the account for its zones, and nothing could be synthesised without credentials.
    this.node.setContext(`availability-zones:account=${this.account}:region=${this.region}`, [
      availabilityZone,
    ]);
    const key = new OwnKey(this, "Key", {
      description: `${name}: state, alerts, logs`,
      logGroupPath,
    });
    this.key = key;
    this.alerts = new EncryptedTopic(this, "Alerts", {
      key,
      displayName: `${name} alerts`,
      emails: props.alertEmails,
    });
    this.configuration = new Configuration(this, "Configuration", {
      path: `/${name}/worker/configuration`,
      document,
      topicArn: this.alerts.topic.topicArn,
      place: {
        source: { kinesis: { stream: source.streamArn, region: this.region } },
        state: "/var/lib/keyhawk/state",
      },
    });
    this.network = new WorkerNetwork(this, "Network", {
      key,
      availabilityZone,
      logGroupPath,
      logRetention,
    });
    this.host = new WorkerHost(this, "Host", {
      ...settings,
      name,
      key,
      availabilityZone,
      logGroupPath,
      logRetention,
      network: this.network,
      configuration: this.configuration,
      program: new Asset(this, "Program", { path: props.programFolder }),
    });
    this.#allow(props);
    const { keyUse } = source;
    this.configuration.write(keyUse === undefined ? [key.use] : [key.use, keyUse]);
    this.signals = new LogSignals(this, "Signals", { name, logGroups: [this.host.logGroup] });
    this.alarms = new Alarms(this, "Alarms", { operations: ingest.operations });
    alarmOnOldReading(this.alarms, source.streamName, settings.lateMinutes);
    alarmOnHost(this.alarms, this.host, `Keyhawk/${name}`);
    this.signals.alarm(this.alarms);
    this.dashboard = new WorkerDashboard(this, "Dashboard", {
      name,
      source,
      signals: this.signals,
      alarms: [...ingest.alarms.alarms, ...this.alarms.alarms],
    });
    addOutputs(this, {
      AlertTopicArn: this.alerts.topic.topicArn,
      VolumeId: this.host.volume.volumeId,
      GroupName: this.host.group.autoScalingGroupName,
    });
  }

  #allow({ ingest, document, secretKeyArns, trailBucket }: WorkerStackProps): void {
    const { role } = this.host;
    ingest.source.allowReading(role);
    this.alerts.allowPublishing(role);
    new SinkSecrets({ document, keyArns: secretKeyArns }).allowReading(role);
    trailBucket?.allowReading(role);
  }
}
