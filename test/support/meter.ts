import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request to a service, and what it answered. */
export interface MeteredExchange {
  /** Operation of `x-amz-target`, e.g. `PutRecords`; empty for services without one. */
  readonly operation: string;
  /** JSON where the service speaks it, else empty. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly answer: Readonly<Record<string, unknown>>;
}

/** Something between a client and a service that tells of each exchange. */
export interface Meter {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * An HTTP proxy on loopback that tells of each exchange. Of DynamoDB it asks besides what each request consumed: clients do not,
 * and nothing else in the answer changes.
 */
export async function startMeter(
  target: string,
  tell: (exchange: MeteredExchange) => void,
): Promise<Meter> {
  const { hostname, port: targetPort } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  });

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const given = await bodyOf(incoming);
    const operation = String(incoming.headers["x-amz-target"] ?? "");
    const asked = fieldsIn(given);
    const body = operation.startsWith("DynamoDB_")
      ? Buffer.from(JSON.stringify({ ...asked, ReturnConsumedCapacity: "TOTAL" }))
      : given;
    const { answer, answered } = await forward(incoming, body);
    const name = operation.replace(/^.*\./, "");
    tell({ operation: name, request: asked, answer: fieldsIn(answered) });
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers).end(answered);
  }

  async function forward(incoming: IncomingMessage, body: Buffer) {
    const headers = { ...incoming.headers, "content-length": String(body.length) };
    const { method, url } = incoming;
    const onward = request({ hostname, port: targetPort, method, path: url, headers });
    onward.end(body);
    const [answer] = (await once(onward, "response")) as [IncomingMessage];
    return { answer, answered: await bodyOf(answer) };
  }

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

function fieldsIn(body: Buffer): Record<string, unknown> {
  if (body[0] !== "{".charCodeAt(0)) return {};
  return JSON.parse(body.toString("utf8")) as Record<string, unknown>;
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
