import { setTimeout as sleep } from "node:timers/promises";

/**
 * Sends a request until it is answered: throttling, faults of the server and of the network are tried again for up to
 * `patienceMs`, then the last one is thrown. Pauses grow and are drawn from the whole of their range, the "full jitter" of
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
 */
export async function patiently<Answer>(
  send: () => Promise<Answer>,
  patienceMs: number,
): Promise<Answer> {
  const deadline = performance.now() + patienceMs;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      const pauseMs = Math.random() * Math.min(longestPauseMs, firstPauseMs * 2 ** attempt);
      if (!isPassing(error) || performance.now() + pauseMs > deadline) throw error;
      await sleep(pauseMs);
    }
  }
}

const firstPauseMs = 25;
const longestPauseMs = 5000;

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html, those to be tried again. */
const passingErrors = new Set([
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "ThrottlingException",
  "Throttling",
  "TooManyRequestsException",
  "InternalServerError",
  "ServiceUnavailable",
  "TransactionConflictException",
  "TimeoutError",
]);
const networkCodes = new Set([
  "ECONNRESET",
  "ECONNREFUSED",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "ENETUNREACH",
  "EHOSTUNREACH",
]);

/** Whether the same request may well succeed a moment later. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (passingErrors.has(error.name)) return true;
  if ("code" in error && typeof error.code === "string" && networkCodes.has(error.code)) {
    return true;
  }
  const metadata = "$metadata" in error ? error.$metadata : undefined;
  const status =
    typeof metadata === "object" && metadata !== null && "httpStatusCode" in metadata
      ? metadata.httpStatusCode
      : undefined;
  return typeof status === "number" && status >= 500;
}
