import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { DynamoDbServer } from "./dynoxide.ts";
import { listenOnLoopback } from "./loopback-server.ts";

/** Starts dynalite in this process, all in memory. It knows no transactions, no streams and no TTL. */
export async function startDynalite(): Promise<DynamoDbServer> {
  const require = createRequire(import.meta.url);
  const dynalite = require("dynalite") as (options: Record<string, number>) => Server;
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  server.keepAliveTimeout = 0; // No request may meet a connection that is being closed because it was idle.
  return await listenOnLoopback(server);
}
