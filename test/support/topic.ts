import { SNSClient, type PublishBatchRequestEntry } from "@aws-sdk/client-sns";
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { startFauxqs } from "fauxqs";
import type { Alert } from "../../src/detection/alert.ts";
import { SinkOptions, type SnsOptions } from "../../src/delivery/options.ts";
import type { Answer, ReceivedRequest } from "./http-receiver.ts";

const region = "eu-central-1";
const credentials = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "not-a-secret-but-treated-as-one",
};

export interface TopicMessage {
  readonly alert: Alert;
  readonly text: string;
  readonly attributes: Readonly<Record<string, string | undefined>>;
}

export interface Topic extends AsyncDisposable {
  readonly options: SnsOptions;
  readonly secretAccessKey: string;
  client(endpoint?: string): SNSClient;
  /** Passes a request on to SNS. */
  forward(request: ReceivedRequest): Promise<Answer>;
  /** Passes a batch on but for some entries, which the answer says failed by the sender's fault. */
  refuse(
    request: ReceivedRequest,
    bad: (entry: Partial<PublishBatchRequestEntry>) => boolean,
    senderFault?: boolean,
  ): Promise<Answer>;
  /** What a subscribed queue has got since the last call. */
  messages(): Promise<TopicMessage[]>;
}

/** An SNS topic on loopback with a queue that subscribes to it, with raw delivery. */
export async function startTopic(name: string, filterPolicy?: object): Promise<Topic> {
  const server = await startFauxqs({ port: 0, logger: false, defaultRegion: region });
  const fifo = name.endsWith(".fifo");
  const attributes = fifo ? { FifoQueue: "true" } : {};
  const { queueUrl } = server.createQueue(`queue-${name}`, { region, attributes });
  const { topicArn } = server.createTopic(name, {
    region,
    ...(fifo && { attributes: { FifoTopic: "true" } }),
  });
  server.subscribe({
    topic: name,
    queue: `queue-${name}`,
    region,
    attributes: {
      RawMessageDelivery: "true",
      ...(filterPolicy && { FilterPolicy: JSON.stringify(filterPolicy) }),
    },
  });
  const endpoint = `http://127.0.0.1:${server.port}`;
  const sqs = new SQSClient({
    region,
    endpoint,
    credentials,
    requestHandler: new NodeHttpHandler({}),
  });
  const QueueUrl = `${endpoint}${new URL(queueUrl).pathname}`;
  const options = SinkOptions.parse({ type: "sns", topicArn, endpoint }) as SnsOptions;

  async function forward({ method, path, headers, body }: ReceivedRequest): Promise<Answer> {
    const kept = Object.entries(headers).filter(
      ([header]) => !["host", "connection", "content-length", "expect"].includes(header),
    );
    const answer = await fetch(`${endpoint}${path}`, {
      method,
      headers: Object.fromEntries(kept) as Record<string, string>,
      body,
    });
    const type = answer.headers.get("content-type") ?? "text/xml";
    return { status: answer.status, headers: { "content-type": type }, body: await answer.text() };
  }

  return {
    options,
    secretAccessKey: credentials.secretAccessKey,
    client: (through = endpoint) =>
      new SNSClient({
        region,
        endpoint: through,
        credentials,
        maxAttempts: 1,
        requestHandler: new NodeHttpHandler({}),
      }),
    forward,
    async refuse(request, bad, senderFault = true) {
      const form = new URLSearchParams(request.body);
      const member = (index: number, field: string) =>
        `PublishBatchRequestEntries.member.${index}.${field}`;
      const failed: string[] = [];
      const passed = new URLSearchParams([...form].filter(([key]) => !key.includes(".member.")));
      let kept = 0;
      for (let index = 1; form.has(member(index, "Id")); index += 1) {
        const Id = form.get(member(index, "Id")) ?? "";
        if (bad({ Id, Subject: form.get(member(index, "Subject")) ?? "" })) {
          failed.push(
            `<member><Id>${Id}</Id><Code>Refused</Code><SenderFault>${senderFault}</SenderFault></member>`,
          );
          continue;
        }
        kept += 1;
        for (const [key, value] of form) {
          const prefix = member(index, "");
          if (key.startsWith(prefix)) passed.append(member(kept, key.slice(prefix.length)), value);
        }
      }
      const answer = await forward({ ...request, body: String(passed) });
      if (typeof answer === "string") return answer;
      const body = (answer.body ?? "")
        .replace(/<Failed\s*\/>|<Failed><\/Failed>/, "")
        .replace(
          "</PublishBatchResult>",
          `<Failed>${failed.join("")}</Failed></PublishBatchResult>`,
        );
      return { ...answer, body };
    },
    async messages() {
      const found: TopicMessage[] = [];
      for (;;) {
        const answer = await sqs.send(
          new ReceiveMessageCommand({
            QueueUrl,
            MaxNumberOfMessages: 10,
            MessageAttributeNames: ["All"],
            WaitTimeSeconds: 0,
          }),
        );
        const batch = answer.Messages ?? [];
        if (batch.length === 0) return found;
        for (const { Body = "", MessageAttributes = {} } of batch) {
          const attributes = Object.entries(MessageAttributes).map(([key, value]) => [
            key,
            value.StringValue,
          ]);
          found.push({
            alert: JSON.parse(Body) as Alert,
            text: Body,
            attributes: Object.fromEntries(attributes) as Record<string, string>,
          });
        }
        await sqs.send(
          new DeleteMessageBatchCommand({
            QueueUrl,
            Entries: batch.map(({ ReceiptHandle = "" }, index) => ({
              Id: String(index),
              ReceiptHandle,
            })),
          }),
        );
      }
    },
    async [Symbol.asyncDispose]() {
      sqs.destroy();
      await server.stop();
    },
  };
}
