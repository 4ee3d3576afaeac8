import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { buffer } from "node:stream/consumers";

/** What a server answered. */
export interface ServerAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Asks a server what a proxy was asked, with a body that may be another. */
export function forward(
  target: string,
  incoming: IncomingMessage,
  body: Buffer,
): Promise<ServerAnswer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(target);
    const { method, url } = incoming;
    const headers = { ...incoming.headers, "content-length": String(body.length) };
    const onward = request({ hostname, port, method, path: url, headers }, (answer) => {
      buffer(answer).then(
        (answerBody) =>
          resolve({
            status: answer.statusCode ?? 502,
            headers: answer.headers,
            body: answerBody,
          }),
        reject,
      );
    });
    onward.on("error", reject);
    onward.end(body);
  });
}
