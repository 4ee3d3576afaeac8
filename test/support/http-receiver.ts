import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { listenOnLoopback } from "./loopback-server.ts";

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What the receiver does with a request; `hang` never answers, `cut` ends the connection. */
export type Answer =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | "hang"
  | "cut"
  /** An answer without an end, until the sender stops reading. */
  | "endless";

export type Responder = (request: ReceivedRequest) => Answer | Promise<Answer>;

export interface HttpReceiver extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
  /** Bytes written of endless answers. */
  readonly bytesWritten: number;
  respond(responder: Responder): void;
}

/** An HTTP server on loopback that does with requests what a test says. */
export async function startHttpReceiver(first: Responder): Promise<HttpReceiver> {
  const requests: ReceivedRequest[] = [];
  let responder = first;
  let bytesWritten = 0;
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      answer(incoming, outgoing, Buffer.concat(chunks).toString("utf8")).catch(() =>
        incoming.socket.destroy(),
      );
    });
  });
  async function answer(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    body: string,
  ): Promise<void> {
    const { method = "", url: path = "", headers } = incoming;
    const request = { method, path, headers, body };
    requests.push(request);
    const given = await responder(request);
    if (given === "hang") return;
    if (given === "cut") {
      incoming.socket.destroy();
    } else if (given === "endless") {
      outgoing.writeHead(200);
      const more = (): void => {
        if (outgoing.destroyed) return;
        bytesWritten += 65_536;
        outgoing.write("x".repeat(65_536), (error) => (error ? undefined : setImmediate(more)));
      };
      more();
    } else {
      outgoing.writeHead(given.status, given.headers).end(given.body);
    }
  }
  const { port, endpoint, stop } = await listenOnLoopback(server);
  return {
    port,
    url: endpoint,
    requests,
    get bytesWritten() {
      return bytesWritten;
    },
    respond(next) {
      responder = next;
    },
    [Symbol.asyncDispose]: stop,
  };
}
