import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { tableDefinition } from "../../src/store/dynamodb/table-definition.ts";
import { freePort } from "./free-port.ts";

/** A DynamoDB server on loopback. */
export interface DynamodbServer {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** Credentials and region for clients that find them as the SDK does; loopback servers take any. */
export function useLoopbackCredentials(): void {
  process.env["AWS_REGION"] ??= "eu-west-1";
  process.env["AWS_ACCESS_KEY_ID"] ??= "test";
  process.env["AWS_SECRET_ACCESS_KEY"] ??= "test";
}

/** Starts dynalite in this process, all in memory. It knows no transactions, streams and no TTL. */
export async function startDynalite(): Promise<DynamodbServer> {
  const require = createRequire(import.meta.url);
  const dynalite = require("dynalite") as (options: Record<string, number>) => Server;
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  server.keepAliveTimeout = 0; // No request may meet a connection that is being closed because it was idle.
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const dynoxide = fileURLToPath(new URL("../../node_modules/.dynoxide/dynoxide", import.meta.url));

/** Whether dynoxide is here; what to do where it is not. */
export const dynoxideMissing = existsSync(dynoxide)
  ? undefined
  : "dynoxide is not here: run .ci/dynoxide";

/** Starts dynoxide in a process of its own, all in memory, with streams and TTL. */
export async function startDynoxide(): Promise<DynamodbServer> {
  const port = await freePort();
  const child = spawn(dynoxide, ["serve", "--host", "127.0.0.1", "--port", String(port)], {
    stdio: "ignore",
  });
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await answers(endpoint, child);
  } catch (error) {
    await end(child);
    throw error;
  }
  return { endpoint, stop: () => end(child) };
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
  const deadline = performance.now() + START_DEADLINE_MS;
  while (performance.now() < deadline) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
    if (Table?.TableStatus === "ACTIVE") return;
    await sleep(10);
  }
  throw new Error(`table ${name} was not made within ${START_DEADLINE_MS} ms`);
}

const START_DEADLINE_MS = 30_000;

async function answers(url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + START_DEADLINE_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) {
      throw new Error(`dynoxide ended with status ${child.exitCode} before it answered`);
    }
    const response = await fetch(url).catch(() => undefined);
    if (response !== undefined) {
      await response.arrayBuffer();
      return;
    }
    await sleep(20);
  }
  throw new Error(`dynoxide did not answer at ${url} within ${START_DEADLINE_MS} ms`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGKILL");
  await ended;
}
