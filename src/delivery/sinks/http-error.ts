import { DeliveryError } from "../sink.ts";
import { SecretError } from "../secrets.ts";
import { type HttpAnswer, NoAnswerError } from "./http-client.ts";

/**
 * What an HTTP answer means for an alert; undefined where it was accepted. Only what is wrong with the alert itself is
 * beyond a retry: a wrong address or token can be mended while the alert waits.
 */
export function errorOfAnswer(
  sink: string,
  host: string,
  answer: HttpAnswer,
): DeliveryError | undefined {
  const { status, retryAfterMs } = answer;
  if (status >= 200 && status < 300) return undefined;
  const redirect = status >= 300 && status < 400 ? ", and redirects are not followed" : "";
  return new DeliveryError(sink, `${host} answered ${status}${redirect}`, {
    retryable: !aboutTheAlert.has(status) && status !== 410,
    retryAfterMs,
    gone: status === 410,
  });
}

/** 400 Bad Request, 406, 413 Content Too Large, 415 Unsupported Media Type, 422 Unprocessable Content. */
const aboutTheAlert = new Set([400, 406, 413, 415, 422]);

/** What a failure to ask at all means; rethrows programming errors. */
export function errorOfFailure(sink: string, error: unknown): DeliveryError {
  if (error instanceof DeliveryError) return error;
  if (error instanceof NoAnswerError || error instanceof SecretError) {
    return new DeliveryError(sink, error.message, { retryable: true, cause: error });
  }
  throw error;
}

/** The error of what was not sent because delivery stops. */
export function interrupted(sink: string): DeliveryError {
  return new DeliveryError(sink, "was interrupted", { retryable: true });
}
