import { deliverDependencies } from "./assembly/deliver.ts";
import { assembledOnce } from "./environment.ts";
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import type { Delivery } from "../delivery/delivery.ts";
import { deadlineOf, type InvocationContext } from "./invocation.ts";
import { count, type Counts, type MetricWriter, writeMetrics } from "./metrics.ts";
import { type DispatchDependencies, dispatchOutboxes } from "./outbox-dispatch.ts";
import type { ScopedOutbox } from "./scoped-outbox.ts";

export interface DeliverDependencies extends DispatchDependencies {
  /** The entity whose item a record of the table's stream is about, where it has an outbox; undefined for all else. */
  readonly entityOf: (record: DynamoDBRecord) => string | undefined;
  readonly delivery: Pick<Delivery, "sendDue">;
  /** What `delivery` reads. */
  readonly outbox: ScopedOutbox;
  readonly metrics: MetricWriter;
  readonly now: () => number;
}

export type DeliverHandler = (
  event: DynamoDBStreamEvent,
  context: InvocationContext,
) => Promise<DynamoDBBatchResponse>;

/** Time kept back to write down what the sinks accepted and to answer in. */
const RESERVE_MS = 3000;

/**
 * Tells what was committed: empties the outboxes of the entities that the table's stream names, and sends. What a sink does not
 * accept now waits for `tick`; it never holds the stream up.
 */
export function makeDeliverHandler(dependencies: DeliverDependencies): DeliverHandler {
  const { entityOf, metrics, now } = dependencies;
  return async ({ Records }, context) => {
    const startMs = now();
    const counts: Counts = {};
    const deadline = deadlineOf(context, RESERVE_MS);
    const names = Records.map(entityOf);
    const distinct = [...new Set(names.filter((name) => name !== undefined))];
    const given = { deadline, counts };
    const { failed, alertIds } = await dispatchOutboxes(distinct, dependencies, given);
    await sendOwn(alertIds, dependencies, deadline.remainingMs());
    const first = names.findIndex((name) => name !== undefined && failed.has(name));
    count(counts, "records", Records.length);
    count(counts, "durationMs", now() - startMs);
    writeMetrics(metrics, "deliver", counts, now());
    const itemIdentifier = Records[first]?.dynamodb?.SequenceNumber;
    return { batchItemFailures: itemIdentifier === undefined ? [] : [{ itemIdentifier }] };
  };
}

async function sendOwn(
  alertIds: ReadonlySet<string>,
  { delivery, outbox, log }: DeliverDependencies,
  mostMs: number,
): Promise<void> {
  if (alertIds.size === 0 || mostMs <= 0) return;
  outbox.lookAfter(({ alert }) => alertIds.has(alert.alertId));
  try {
    await delivery.sendDue(AbortSignal.timeout(mostMs));
  } catch (error) {
    // The alerts are queued; `tick` sends what is left.
    log.warn({ error }, "deliver: the outbox failed while sending");
  }
}

/** What Lambda calls. */
export const handler: DeliverHandler = assembledOnce(async () =>
  makeDeliverHandler(await deliverDependencies()),
);
