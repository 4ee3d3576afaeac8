import type { Alert } from "../../detection/alert.ts";
import { JSON_TYPE, toJson } from "../formats/format.ts";
import { formatOf } from "../formats/formats.ts";
import { headerReference, type WebhookOptions } from "../options.ts";
import type { SecretReader } from "../secrets.ts";
import type { DeliveryError, Sink } from "../sink.ts";
import type { HttpAnswer, HttpClient } from "./http-client.ts";
import { errorOfAnswer, errorOfFailure, interrupted } from "./http-error.ts";
import { parseUrl } from "./receiver-url.ts";
import { signatureHeaders } from "./webhook-signature.ts";

export interface WebhookDependencies {
  readonly client: HttpClient;
  readonly secrets: SecretReader;
  readonly now: () => number;
}

/**
 * Posts alerts one by one, signed as Standard Webhooks describes. `webhook-id` is alert id and revision, the same at each
 * attempt: receivers drop what they have seen. In the native format the body is `{ type, timestamp, data }`.
 */
export function webhookSink(options: WebhookOptions, dependencies: WebhookDependencies): Sink {
  const { name } = options;
  const { client, secrets } = dependencies;

  async function send(alert: Alert, signal: AbortSignal): Promise<DeliveryError | undefined> {
    if (signal.aborted) return interrupted(name);
    try {
      const url = await parseUrl(options.url, secrets);
      let answer = await post(options, dependencies, url, alert, signal);
      // A secret that was changed at its place is read anew at once rather than when its time has come.
      if (isRefused(answer) && (await refreshed(options, secrets))) {
        answer = await post(options, dependencies, url, alert, signal);
      }
      return errorOfAnswer(name, url.host, answer);
    } catch (error) {
      return errorOfFailure(name, error);
    }
  }

  return {
    name,
    batchSize: 1,
    async deliver(alerts, signal) {
      const results: (DeliveryError | undefined)[] = [];
      for (const alert of alerts) results.push(await send(alert, signal));
      return results;
    },
    close: () => client.close(),
  };
}

async function post(
  options: WebhookOptions,
  { client, secrets, now }: WebhookDependencies,
  url: URL,
  alert: Alert,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { contentType, body } = webhookBody(alert, options);
  const signing = [options.secret, options.previousSecret].filter((one) => one !== undefined);
  const keys = await Promise.all(
    signing.map(async (reference) => ({ reference, secret: await secrets.read(reference) })),
  );
  const id = `${alert.alertId}-${alert.revision}`;
  const headers = {
    "user-agent": "keyhawk",
    ...(await staticHeaders(options.headers, secrets)),
    "content-type": contentType,
    ...signatureHeaders({ id, timestampMs: now(), body }, keys),
  };
  return await client.post(url, { headers, body }, signal);
}

/** The text of a request. It is the same at each attempt, so that its id may stay the same. */
function webhookBody(alert: Alert, options: WebhookOptions) {
  if (options.format !== "native") return formatOf(options.format, options).format(alert);
  const { eventTime, status } = alert;
  return {
    contentType: JSON_TYPE,
    body: toJson({ type: `alert.${status}`, timestamp: eventTime, data: alert }),
  };
}

async function staticHeaders(
  headers: Readonly<Record<string, string>>,
  secrets: SecretReader,
): Promise<Record<string, string>> {
  const read = Object.entries(headers).map(async ([header, value]) => {
    const [, scheme, reference] = headerReference.exec(value) ?? [];
    if (reference === undefined) return [header.toLowerCase(), value];
    const secret = await secrets.read(reference);
    return [header.toLowerCase(), scheme === undefined ? secret : `${scheme} ${secret}`];
  });
  return Object.fromEntries(await Promise.all(read)) as Record<string, string>;
}

function isRefused({ status }: HttpAnswer): boolean {
  return status === 401 || status === 403;
}

/** Whether any secret of this sink has changed. */
async function refreshed(options: WebhookOptions, secrets: SecretReader): Promise<boolean> {
  const inHeaders = Object.values(options.headers).map((value) => headerReference.exec(value)?.[2]);
  const references = [options.secret, options.previousSecret, ...inHeaders];
  const changes = await Promise.all(
    references
      .filter((reference) => reference !== undefined)
      .map((reference) => secrets.refresh(reference)),
  );
  return changes.includes(true);
}
