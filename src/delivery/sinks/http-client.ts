import { Agent, errors, request } from "undici";
import {
  addressPolicy,
  guardedLookup,
  RefusedAddressError,
  type Resolve,
} from "./address-policy.ts";

export interface HttpClientOptions {
  readonly allowPrivateNetworks: readonly string[];
  readonly allowHttp: boolean;
  /** Longest wait for an answer, from the connection to its last byte. */
  readonly timeoutMs: number;
  /** Certificate authority in PEM form, where the system's do not do. */
  readonly ca?: string | undefined;
  /** Instead of the system's resolver, for tests. */
  readonly resolve?: Resolve | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  /** How long the receiver asked to be left alone (Retry-After). */
  readonly retryAfterMs: number | undefined;
  /** At most the first 16 KiB. */
  readonly body: string;
}

/** Posts to receivers that a configuration names, and nowhere else. */
export interface HttpClient {
  /** Rejects with `NoAnswerError` where there is none. */
  post(
    url: URL,
    message: { headers: Record<string, string>; body: string },
    signal: AbortSignal,
  ): Promise<HttpAnswer>;
  close(): Promise<void>;
}

/** The receiver did not answer. The message has the host only: paths, queries and headers may be secrets. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
}

const MAX_ANSWER_BYTES = 16_384;

/**
 * A client that follows no redirect, connects to no internal address unless its network is named, and reads no more of an
 * answer than it needs. @param now milliseconds since the epoch, to read dates in Retry-After.
 */
export function createHttpClient(options: HttpClientOptions, now: () => number): HttpClient {
  const { timeoutMs, allowHttp, ca } = options;
  const policy = addressPolicy(options.allowPrivateNetworks);
  const agent = new Agent({
    connect: {
      lookup: guardedLookup(policy, options.resolve),
      timeout: timeoutMs,
      ...(ca !== undefined && { ca }),
    },
    connections: 16,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });

  /** A literal address in the URL is never looked up, so it is judged here. */
  function checkUrl(url: URL): void {
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const isLiteral = /^[\d.]+$|:/.test(host);
    const refusal = isLiteral ? policy.refusal(host) : undefined;
    if (refusal !== undefined) throw new RefusedAddressError(host, refusal);
    if (url.protocol === "https:" || allowHttp) return;
    if (url.protocol === "http:" && isLiteral && policy.allowsPrivately(host)) return;
    throw new NoAnswerError(`${host}: only https is allowed; see allowHttp`);
  }

  return {
    async post(url, { headers, body }, signal) {
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
        checkUrl(url);
        const response = await request(url, {
          method: "POST",
          headers,
          body,
          dispatcher: agent,
          signal: AbortSignal.any([signal, deadline]),
        });
        return {
          status: response.statusCode,
          retryAfterMs: retryAfter(response.headers["retry-after"], now()),
          body: await readStart(response.body),
        };
      } catch (error) {
        const problem = deadline.aborted ? `no answer within ${timeoutMs} ms` : problemOf(error);
        throw new NoAnswerError(`${url.host}: ${problem}`, { cause: error });
      }
    },
    close: () => agent.destroy(),
  };
}

/** Retry-After in seconds or as a date (RFC 9110 §10.2.3), in milliseconds from now. */
export function retryAfter(
  header: string | string[] | undefined,
  nowMs: number,
): number | undefined {
  const text = (Array.isArray(header) ? header[0] : header)?.trim();
  if (text === undefined || text === "") return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

async function readStart(
  body: AsyncIterable<Uint8Array> & { destroy(): unknown },
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes >= MAX_ANSWER_BYTES) break; // Leaving the loop ends the connection.
  }
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString("utf8");
}

function problemOf(error: unknown): string {
  if (error instanceof NoAnswerError || error instanceof RefusedAddressError) {
    return error.message.replace(/^[^:]*: /, "");
  }
  if (error instanceof AggregateError && error.errors.length > 0) return problemOf(error.errors[0]);
  if (error instanceof errors.UndiciError) return error.message;
  if (!(error instanceof Error)) return "unknown error";
  if (error.name === "AbortError") return "was interrupted";
  const { code } = error as Error & { code?: unknown };
  return typeof code === "string" ? code : error.name;
}
