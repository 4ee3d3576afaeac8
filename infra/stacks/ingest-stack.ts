import { Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { Alarms } from "../constructs/alarms.ts";
import { EncryptedStream, StreamAccess } from "../constructs/encrypted-stream.ts";
import { EncryptedTopic } from "../constructs/encrypted-topic.ts";
import {
  EventIntake,
  type EventIntakeProps,
  kmsEventPattern,
  logFilePattern,
} from "../constructs/event-intake.ts";
import { LogDestination } from "../constructs/log-destination.ts";
import { addOutputs } from "../constructs/outputs.ts";
import { KeyUse, OwnKey } from "../constructs/own-key.ts";
import { alarmOnFullStream, alarmOnSilence } from "../constructs/stream-alarms.ts";
import type { IngestSettings } from "../settings.ts";

export interface IngestStackProps extends StackProps {
  readonly name: string;
  readonly ingest: IngestSettings;
  readonly operationsEmails: readonly string[];
}

/**
 * How CloudTrail's events reach Keyhawk's account: the stream, and what other accounts need here to feed it. The trail is the
 * organization's own; a second one is never made, since it is charged per event.
 */
export class IngestStack extends Stack {
  readonly key: OwnKey;
  /** Tells who runs Keyhawk, not who answers its alerts. */
  readonly operations: EncryptedTopic;
  readonly alarms: Alarms;
  /** Undefined where the settings name a stream that exists already. */
  readonly stream: EncryptedStream | undefined;
  readonly source: StreamAccess;
  readonly logDestination: LogDestination | undefined;
  readonly eventIntake: EventIntake | undefined;

  constructor(scope: Construct, id: string, props: IngestStackProps) {
    super(scope, id, props);
    const { name, ingest, operationsEmails } = props;
    this.key = new OwnKey(this, "Key", {
      description: `${name}: events on their way, and operations`,
      logGroupPath: `/${name}/ingest`,
    });
    this.operations = new EncryptedTopic(this, "Operations", {
      key: this.key,
      displayName: `${name} operations`,
      emails: operationsEmails,
    });
    this.alarms = new Alarms(this, "Alarms", { operations: this.operations });
    if (ingest.route === "existing") {
      this.source = existingStream(ingest);
    } else {
      this.stream = new EncryptedStream(this, "Events", { key: this.key, settings: ingest.stream });
      this.source = this.stream.access;
      if (ingest.route === "logs") {
        const { account: senderAccount } = ingest.sender;
        this.logDestination = new LogDestination(this, "LogDestination", {
          name,
          stream: this.stream,
          senderAccount,
        });
      } else {
        this.eventIntake = new EventIntake(this, "EventIntake", {
          name,
          key: this.key,
          stream: this.stream,
          ...sendersOf(ingest),
        });
      }
    }
    this.#watch(ingest);
    addOutputs(this, { StreamArn: this.source.streamArn });
  }

  #watch({ silenceMinutes }: IngestSettings): void {
    alarmOnSilence(this.alarms, this.source.streamName, silenceMinutes);
    alarmOnFullStream(this.alarms, "StreamFull", this.source.streamName);
    if (this.eventIntake === undefined) return;
    const { undelivered } = this.eventIntake;
    this.alarms.add("EventsUndelivered", {
      metric: undelivered.metricApproximateNumberOfMessagesVisible(),
      description: `Keyhawk: events could not be put on the stream; they lie in the queue ${undelivered.queueName}.`,
      threshold: 1,
    });
  }
}

function existingStream({
  streamArn,
  streamKeyArn,
}: Extract<IngestSettings, { readonly route: "existing" }>): StreamAccess {
  return new StreamAccess(
    streamArn,
    streamKeyArn === undefined ? undefined : new KeyUse(streamKeyArn),
  );
}

function sendersOf(
  ingest: Extract<IngestSettings, { readonly route: "events" | "objects" }>,
): Pick<EventIntakeProps, "organization" | "accounts" | "pattern"> {
  if (ingest.route === "objects") {
    const { account, bucket } = ingest.sender;
    return { organization: undefined, accounts: [account], pattern: logFilePattern(bucket) };
  }
  const { organization, accounts, keys } = ingest;
  return { organization, accounts: [...new Set(accounts)], pattern: kmsEventPattern(keys) };
}
