import { PublishBatchCommand, SNSClient } from "@aws-sdk/client-sns";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { SnsOptions } from "../options.ts";
import { DeliveryError, type Sink } from "../sink.ts";
import { interrupted } from "./http-error.ts";
import { pack, type Packet } from "./packing.ts";
import { SNS_MAX_BYTES, snsMessage, type SnsMessage } from "./sns-message.ts";

const BATCH_SIZE = 10;

type Results = (DeliveryError | undefined)[];

/**
 * Publishes alerts to an SNS topic, ten at a time. What SNS refuses of a batch is tried again by itself unless SNS says
 * that the sender is at fault (https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html).
 */
export function snsSink(options: SnsOptions, client: SNSClient = snsClient(options)): Sink {
  const { name } = options;
  return {
    name,
    batchSize: BATCH_SIZE,
    async deliver(alerts, signal) {
      const results: Results = alerts.map(
        () => new DeliveryError(name, "does not fit into a message", { retryable: false }),
      );
      const messages = alerts.flatMap((alert, index) => {
        const message = snsMessage(alert, options);
        return message === undefined ? [] : [{ index, message }];
      });
      const limits = { items: BATCH_SIZE, bytes: SNS_MAX_BYTES };
      for (const packet of pack(messages, limits, ({ message }) => message.bytes)) {
        const sent = await publish(client, options, packet, signal);
        for (const [place, { index }] of packet.items.entries()) results[index] = sent[place];
      }
      return results;
    },
    async close() {
      client.destroy();
    },
  };
}

/** A client for the topic's own region. */
export function snsClient({ topicArn, endpoint, timeoutMs }: SnsOptions): SNSClient {
  return new SNSClient({
    region: topicArn.split(":")[3] ?? "",
    ...(endpoint !== undefined && { endpoint }),
    maxAttempts: 1, // Retries are the delivery's, once for all sinks.
    requestHandler: new NodeHttpHandler({
      connectionTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
    }),
  });
}

async function publish(
  client: SNSClient,
  options: SnsOptions,
  { items }: Packet<{ index: number; message: SnsMessage }>,
  signal: AbortSignal,
): Promise<Results> {
  const { name, topicArn, timeoutMs } = options;
  if (signal.aborted) return items.map(() => interrupted(name));
  const entries = items.map(({ message }, place) => ({ ...message.entry, Id: String(place) }));
  try {
    const answer = await client.send(
      new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries: entries }),
      { abortSignal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) },
    );
    const accepted = new Set(answer.Successful?.map(({ Id }) => Id));
    const failed = new Map(answer.Failed?.map((failure) => [failure.Id, failure]));
    return entries.map(({ Id }) => {
      if (accepted.has(Id)) return undefined;
      const failure = failed.get(Id);
      return new DeliveryError(name, `SNS refused an alert (${failure?.Code ?? "no reason"})`, {
        retryable: failure?.SenderFault !== true,
      });
    });
  } catch (error) {
    const failure = errorOfSns(name, error);
    if (failure.retryable || items.length === 1) return items.map(() => failure);
    // One of them spoils the batch: each goes alone, so that only that one is refused.
    const results: Results = [];
    for (const item of items) {
      results.push(...(await publish(client, options, { start: 0, items: [item] }, signal)));
    }
    return results;
  }
}

/** Refused for what the message is; anything else (no permission, no topic, throttled, away) passes or can be mended. */
const aboutTheMessage = new Set([
  "InvalidParameter",
  "InvalidParameterException",
  "InvalidParameterValue",
  "InvalidParameterValueException",
  "ParameterValueInvalid",
  "BatchEntryIdsNotDistinct",
  "BatchRequestTooLong",
  "BatchRequestTooLongException",
  "ValidationException",
]);

function errorOfSns(sink: string, error: unknown): DeliveryError {
  const problem = error instanceof Error ? error.name : "unknown error";
  const aboutTheTopic = error instanceof Error && error.message.includes("TopicArn");
  // The cause may hold the signed request; its name says what went wrong.
  return new DeliveryError(sink, `SNS did not accept (${problem})`, {
    retryable: !aboutTheMessage.has(problem) || aboutTheTopic,
  });
}
