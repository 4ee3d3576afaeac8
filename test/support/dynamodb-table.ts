import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { tableDefinition } from "../../src/store/dynamodb/table-definition.ts";

/** Credentials and region for clients that find them as the SDK does; loopback servers take any. */
export function useLoopbackCredentials(): void {
  process.env["AWS_REGION"] ??= "eu-west-1";
  process.env["AWS_ACCESS_KEY_ID"] ??= "test";
  process.env["AWS_SECRET_ACCESS_KEY"] ??= "test";
}

/** Makes a table of Keyhawk's under a name that no other has, and gives the name. */
export async function createTable(endpoint: string): Promise<string> {
  const name = `keyhawk-${randomUUID()}`;
  const client = new DynamoDBClient({ endpoint });
  try {
    await client.send(new CreateTableCommand({ ...tableDefinition, TableName: name }));
    await active(client, name);
    return name;
  } finally {
    client.destroy();
  }
}

async function active(client: DynamoDBClient, name: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (performance.now() < deadline) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
    if (Table?.TableStatus === "ACTIVE") return;
    await sleep(10);
  }
  throw new Error(`table ${name} was not made within ${DEADLINE_MS} ms`);
}

const DEADLINE_MS = 30_000;
