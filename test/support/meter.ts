import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { forward } from "./forwarding.ts";
import { listenOnLoopback, type LoopbackServer } from "./loopback-server.ts";

/** One request to a service, and what it answered. */
export interface MeteredExchange {
  /** Operation of `x-amz-target`, e.g. `PutRecords`; empty for services without one. */
  readonly operation: string;
  /** JSON where the service speaks it, else empty. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly answer: Readonly<Record<string, unknown>>;
}

/** Something between a client and a service that tells of each exchange. */
export type Meter = Pick<LoopbackServer, "endpoint" | "stop">;

/**
 * An HTTP proxy on loopback that tells of each exchange. Of DynamoDB it asks besides what each request consumed: clients do not,
 * and nothing else in the answer changes.
 */
export async function startMeter(
  target: string,
  tell: (exchange: MeteredExchange) => void,
): Promise<Meter> {
  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  });

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const given = await buffer(incoming);
    const operation = String(incoming.headers["x-amz-target"] ?? "");
    const asked = fieldsIn(given);
    const body = operation.startsWith("DynamoDB_")
      ? Buffer.from(JSON.stringify({ ...asked, ReturnConsumedCapacity: "TOTAL" }))
      : given;
    const answer = await forward(target, incoming, body);
    const name = operation.replace(/^.*\./, "");
    tell({ operation: name, request: asked, answer: fieldsIn(answer.body) });
    outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  }

  return await listenOnLoopback(server);
}

function fieldsIn(body: Buffer): Record<string, unknown> {
  if (body[0] !== "{".charCodeAt(0)) return {};
  return JSON.parse(body.toString("utf8")) as Record<string, unknown>;
}
