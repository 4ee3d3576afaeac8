import { Stack, type StackProps } from "aws-cdk-lib";
import type { Code } from "aws-cdk-lib/aws-lambda";
import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { type FunctionName, functionNames } from "../bundle.ts";
import { Alarms } from "../constructs/alarms.ts";
import { Configuration } from "../constructs/configuration.ts";
import { ContextHashKey } from "../constructs/context-hash-key.ts";
import { DeadLetters } from "../constructs/dead-letters.ts";
import { DeliverFunction } from "../constructs/deliver-function.ts";
import { DetectFunction } from "../constructs/detect-function.ts";
import { EncryptedStream } from "../constructs/encrypted-stream.ts";
import { EncryptedTopic } from "../constructs/encrypted-topic.ts";
import { alarmOnFunction, alarmOnStandstill } from "../constructs/function-alarms.ts";
import { alarmOnHandlers } from "../constructs/handler-metrics.ts";
import type { HandlerParts, KeyhawkFunction } from "../constructs/keyhawk-function.ts";
import { LogSignals } from "../constructs/log-signals.ts";
import { MemoryTable } from "../constructs/memory-table.ts";
import { addOutputs } from "../constructs/outputs.ts";
import { OwnKey } from "../constructs/own-key.ts";
import { ServerlessDashboard } from "../constructs/serverless-dashboard.ts";
import { SinkSecrets } from "../constructs/sink-secrets.ts";
import { SpreadFunction } from "../constructs/spread-function.ts";
import { alarmOnFullStream } from "../constructs/stream-alarms.ts";
import { alarmOnTable } from "../constructs/table-alarms.ts";
import { TickFunction } from "../constructs/tick-function.ts";
import type { TrailBucket } from "../constructs/trail-bucket.ts";
import type { KeyhawkDocument } from "../keyhawk-configuration.ts";
import type { SizedServerless } from "../sizing.ts";
import type { IngestStack } from "./ingest-stack.ts";

export interface ServerlessStackProps extends StackProps {
  readonly name: string;
  readonly ingest: IngestStack;
  readonly settings: SizedServerless;
  /** Keyhawk's configuration, as `readKeyhawkConfiguration` gives it. */
  readonly document: KeyhawkDocument;
  /** The package of each function. */
  readonly code: (handler: FunctionName) => Code;
  readonly alertEmails: readonly string[];
  readonly secretKeyArns: readonly string[];
  readonly logRetention: RetentionDays;
  /** Where the source stream carries notifications of log files: the bucket that they lie in. */
  readonly trailBucket: TrailBucket | undefined;
}

/** Keyhawk on Lambda and DynamoDB: source stream → spread → entity stream → detect → table → deliver → sinks; tick beside it. */
export class ServerlessStack extends Stack {
  readonly key: OwnKey;
  readonly entities: EncryptedStream;
  readonly table: MemoryTable;
  readonly alerts: EncryptedTopic;
  readonly deadLetters: DeadLetters;
  readonly contextHashKey: ContextHashKey;
  readonly configuration: Configuration;
  readonly spread: SpreadFunction;
  readonly detect: DetectFunction;
  readonly deliver: DeliverFunction;
  readonly tick: TickFunction;
  readonly signals: LogSignals;
  readonly alarms: Alarms;
  readonly dashboard: ServerlessDashboard;

  constructor(scope: Construct, id: string, props: ServerlessStackProps) {
    super(scope, id, props);
    const { name, ingest, settings, document } = props;
    const logGroupPath = `/${name}/serverless`;
    const key = new OwnKey(this, "Key", {
      description: `${name}: memories, alerts, logs`,
      logGroupPath,
    });
    this.key = key;
    this.entities = new EncryptedStream(this, "Entities", { key, settings: settings.entityStream });
    this.table = new MemoryTable(this, "Memories", { key, capacity: settings.capacity });
    this.alerts = new EncryptedTopic(this, "Alerts", {
      key,
      displayName: `${name} alerts`,
      emails: props.alertEmails,
    });
    this.deadLetters = new DeadLetters(this, "DeadLetters", {
      key,
      keepDays: settings.keepDeadLettersDays,
    });
    this.contextHashKey = new ContextHashKey(this, "ContextHashKey", { key });
    this.configuration = new Configuration(this, "Configuration", {
      path: `/${name}/serverless/configuration`,
      document,
      topicArn: this.alerts.topic.topicArn,
    });
    const parts = this.#parts(props, logGroupPath);
    const sinkSecrets = new SinkSecrets({ document, keyArns: props.secretKeyArns });
    const { access: entities } = this.entities;
    const { table, alerts } = this;
    const { source } = ingest;
    const { spread, detect, deliver, tickMinutes: everyMinutes } = settings;
    this.spread = new SpreadFunction(this, "Spread", {
      parts,
      source,
      entities,
      table,
      contextHashKey: this.contextHashKey,
      mapping: spread,
      paused: settings.paused,
    });
    props.trailBucket?.allowReading(this.spread.role);
    this.detect = new DetectFunction(this, "Detect", { parts, entities, table, mapping: detect });
    const delivery = { parts, entities, table, alerts, sinkSecrets };
    this.deliver = new DeliverFunction(this, "Deliver", { ...delivery, mapping: deliver });
    this.tick = new TickFunction(this, "Tick", { ...delivery, everyMinutes });
    const { keyUse } = source;
    this.configuration.write(keyUse === undefined ? [key.use] : [key.use, keyUse]);
    const functions = this.functions;
    this.signals = new LogSignals(this, "Signals", {
      name,
      logGroups: Object.values(functions).map(({ logGroup }) => logGroup),
    });
    this.alarms = new Alarms(this, "Alarms", { operations: ingest.operations });
    this.#watch(settings);
    this.dashboard = new ServerlessDashboard(this, "Dashboard", {
      name,
      source,
      entities,
      table,
      functions,
      signals: this.signals,
      alarms: [...ingest.alarms.alarms, ...this.alarms.alarms],
    });
    this.#showNames();
  }

  /** All functions by their names. */
  get functions(): Readonly<Record<FunctionName, KeyhawkFunction>> {
    return { spread: this.spread, detect: this.detect, deliver: this.deliver, tick: this.tick };
  }

  #parts(
    { name, code, settings, logRetention }: ServerlessStackProps,
    logGroupPath: string,
  ): HandlerParts {
    const { key, configuration, deadLetters } = this;
    return {
      name,
      code,
      key,
      configuration,
      deadLetters,
      logGroupPath,
      logRetention,
      environment: {
        KEYHAWK_CONFIG: configuration.reference,
        KEYHAWK_ENTITY_STREAM: this.entities.stream.streamName,
        KEYHAWK_TABLE: this.table.table.tableName,
        KEYHAWK_BUCKETS: String(settings.buckets),
        KEYHAWK_DEAD_LETTER_BUCKET: deadLetters.bucket.bucketName,
      },
    };
  }

  #watch({ lateMinutes }: SizedServerless): void {
    const { alarms, functions, deadLetters } = this;
    for (const handler of functionNames) {
      alarmOnFunction(alarms, handler, functions[handler], lateMinutes);
    }
    alarmOnStandstill(alarms, this.tick);
    alarmOnFullStream(alarms, "EntityStreamFull", this.entities.stream.streamName);
    alarmOnTable(alarms, this.table.table.tableName);
    this.signals.alarm(alarms);
    alarmOnHandlers(alarms, lateMinutes);
    alarms.add("DeadLetters", {
      metric: deadLetters.queue.metricApproximateNumberOfMessagesVisible(),
      description: "Keyhawk: runs of tick were given up; the dead-letter queue says which.",
      threshold: 1,
    });
  }

  #showNames(): void {
    addOutputs(this, {
      TableName: this.table.table.tableName,
      AlertTopicArn: this.alerts.topic.topicArn,
      DeadLetterBucket: this.deadLetters.bucket.bucketName,
      ContextHashKeySecret: this.contextHashKey.secret.secretArn,
    });
  }
}
