import {
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DynamoDbServer, hasDynoxide, startDynoxide } from "../../support/dynoxide.ts";
import { startEventSourceMapping } from "../../support/event-source-mapping.ts";
import { dynamoDbReader } from "../../support/lambda/dynamodb-reader.ts";
import { lambdaFunction } from "../../support/lambda/lambda-function.ts";

const name = hasDynoxide
  ? "The stream of a table"
  : "The stream of a table (skipped: no dynoxide, see .ci/dynoxide)";

describe.skipIf(!hasDynoxide)(name, () => {
  let server: DynamoDbServer;
  let client: DynamoDBClient;

  beforeAll(async () => {
    server = await startDynoxide();
    client = new DynamoDBClient({
      endpoint: server.endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      requestHandler: new NodeHttpHandler({}),
    });
  });

  afterAll(async () => {
    client.destroy();
    await server.stop();
  });

  async function createTable(TableName: string): Promise<void> {
    await client.send(
      new CreateTableCommand({
        TableName,
        KeySchema: [
          { AttributeName: "pk", KeyType: "HASH" },
          { AttributeName: "sk", KeyType: "RANGE" },
        ],
        AttributeDefinitions: [
          { AttributeName: "pk", AttributeType: "S" },
          { AttributeName: "sk", AttributeType: "S" },
        ],
        BillingMode: "PAY_PER_REQUEST",
        StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
      }),
    );
  }

  async function mapped(table: string, options: object): Promise<DynamoDBRecord[]> {
    const records: DynamoDBRecord[] = [];
    const invoked = lambdaFunction({
      name: "recording",
      create: () => async (event) => {
        records.push(...(event as DynamoDBStreamEvent).Records);
      },
      timeoutMs: 10_000,
      concurrency: 20,
    });
    const reader = await dynamoDbReader(server.endpoint, table);
    const mapping = startEventSourceMapping(reader, invoked, { retryDelayMs: 1, ...options });
    await mapping.drained();
    await mapping.stop();
    return records;
  }

  it("gives what was written, changed and removed, in the shape of AWS", async () => {
    const TableName = "changes";
    await createTable(TableName);
    const Key = { pk: { S: "entity#1" }, sk: { S: "item" } };
    await client.send(new PutItemCommand({ TableName, Item: { ...Key, n: { N: "1" } } }));
    await client.send(
      new UpdateItemCommand({
        TableName,
        Key,
        UpdateExpression: "SET #b = :b",
        ExpressionAttributeNames: { "#b": "b" },
        ExpressionAttributeValues: { ":b": { B: new Uint8Array([1, 2]) } },
      }),
    );
    await client.send(new DeleteItemCommand({ TableName, Key }));
    const records = await mapped(TableName, {});
    expect(records.map(({ eventName }) => eventName)).toEqual(["INSERT", "MODIFY", "REMOVE"]);
    expect(records[1]).toMatchObject({
      eventSource: "aws:dynamodb",
      eventSourceARN: expect.stringContaining(":table/changes/stream/"),
      dynamodb: {
        Keys: Key,
        OldImage: { ...Key, n: { N: "1" } },
        NewImage: { ...Key, n: { N: "1" }, b: { B: "AQI=" } },
        SequenceNumber: expect.any(String),
        StreamViewType: "NEW_AND_OLD_IMAGES",
      },
    });
    expect(records[2]?.dynamodb).not.toHaveProperty("NewImage");
  });

  it("keeps the order of each item, however many batches run at once and fail", async () => {
    const TableName = "ordered";
    await createTable(TableName);
    for (let n = 0; n < 90; n += 1) {
      const Item = { pk: { S: `entity#${n % 9}` }, sk: { S: "item" }, n: { N: String(n) } };
      await client.send(new PutItemCommand({ TableName, Item }));
    }
    const chaos = { crashed: 0.2, throttled: 0.2, rebatched: 0.5 };
    const records = await mapped(TableName, { parallelizationFactor: 4, batchSize: 3, chaos });
    for (let entity = 0; entity < 9; entity += 1) {
      const own = records.filter(
        ({ dynamodb }) => dynamodb?.Keys?.["pk"]?.S === `entity#${entity}`,
      );
      const expected = Array.from({ length: 10 }, (_, turn) => String(turn * 9 + entity));
      expect(own.map(({ dynamodb }) => dynamodb?.NewImage?.["n"]?.N)).toEqual(expected);
    }
  });
});
