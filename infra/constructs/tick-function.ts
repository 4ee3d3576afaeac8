import { Duration } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import type { Construct } from "constructs";
import { deliveryActions } from "./deliver-function.ts";
import type { EncryptedTopic } from "./encrypted-topic.ts";
import type { StreamAccess } from "./encrypted-stream.ts";
import { type HandlerParts, KeyhawkFunction } from "./keyhawk-function.ts";
import type { MemoryTable } from "./memory-table.ts";
import type { SinkSecrets } from "./sink-secrets.ts";

export interface TickFunctionProps {
  readonly parts: HandlerParts;
  readonly entities: StreamAccess;
  readonly table: MemoryTable;
  readonly alerts: EncryptedTopic;
  readonly sinkSecrets: SinkSecrets;
  readonly everyMinutes: number;
}

/** Lets time pass for entities gone quiet, and sends again what waits too long. */
export class TickFunction extends KeyhawkFunction {
  readonly schedule: Rule;

  constructor(scope: Construct, id: string, props: TickFunctionProps) {
    const { parts, entities, table, alerts, sinkSecrets, everyMinutes } = props;
    super(scope, id, {
      ...parts,
      handler: "tick",
      description: "Keyhawk: closes hours of quiet entities and delivers again",
      memoryMiB: 512,
      timeoutSeconds: 55, // Less than a minute, so that two never run at once.
    });
    this.function.configureAsyncInvoke({ retryAttempts: 0 }); // The next one does what a failed one left.
    table.allowItems(this.role, deliveryActions);
    parts.deadLetters.allowWriting(this.role);
    table.allowIndexes(this.role);
    entities.allowWriting(this.role);
    alerts.allowPublishing(this.role);
    sinkSecrets.allowReading(this.role);
    this.schedule = new Rule(this, "Schedule", {
      description: "Keyhawk: time passes",
      schedule: Schedule.rate(Duration.minutes(everyMinutes)),
      targets: [
        new LambdaFunction(this.function, {
          deadLetterQueue: parts.deadLetters.queue,
          retryAttempts: 2,
          maxEventAge: Duration.minutes(5),
        }),
      ],
    });
  }
}
