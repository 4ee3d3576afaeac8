import { z } from "zod";
import type { Alert } from "../../detection/alert.ts";
import { formatOf } from "../formats/formats.ts";
import { cimAlert, splunkEnvelope } from "../formats/splunk-hec.ts";
import type { SplunkHecOptions } from "../options.ts";
import type { SecretReader } from "../secrets.ts";
import { DeliveryError, type Sink } from "../sink.ts";
import type { HttpAnswer, HttpClient } from "./http-client.ts";
import { errorOfAnswer, errorOfFailure, interrupted } from "./http-error.ts";
import { pack } from "./packing.ts";
import { parseUrl } from "./receiver-url.ts";

const BATCH_SIZE = 100;
/** Collectors take 1 MB by default (`max_content_length` of older versions). */
const MAX_BATCH_BYTES = 1_000_000;

export interface SplunkHecDependencies {
  readonly client: HttpClient;
  readonly secrets: SecretReader;
}

type Results = (DeliveryError | undefined)[];

/**
 * Sends alerts to Splunk's HTTP Event Collector: envelopes one after another in a request, not an array.
 * An event that the collector refuses is told apart from its neighbours, which are sent again without it.
 */
export function splunkHecSink(
  options: SplunkHecOptions,
  dependencies: SplunkHecDependencies,
): Sink {
  const { name } = options;

  async function send(envelopes: readonly string[], signal: AbortSignal): Promise<Results> {
    if (signal.aborted) return envelopes.map(() => interrupted(name));
    try {
      const { host, answer } = await post(options, dependencies, envelopes.join(""), signal);
      const code = codeOf(answer);
      // A 200 without the collector's own code is somebody else's: a proxy's page must not pass for acceptance.
      if (answer.status === 200 && code.code === 0) return envelopes.map(() => undefined);
      const error = errorOfCode(name, host, answer, code.code);
      if (error.retryable || envelopes.length === 1) return envelopes.map(() => error);
      return await sendAround(envelopes, code["invalid-event-number"], error, signal);
    } catch (error) {
      const failure = errorOfFailure(name, error);
      return envelopes.map(() => failure);
    }
  }

  /** What came before the bad event is indexed; what comes after it is not. Without a number each goes alone. */
  async function sendAround(
    envelopes: readonly string[],
    bad: number | undefined,
    error: DeliveryError,
    signal: AbortSignal,
  ): Promise<Results> {
    const results: Results = [];
    if (bad === undefined || bad >= envelopes.length) {
      for (const envelope of envelopes) results.push(...(await send([envelope], signal)));
      return results;
    }
    const rest = envelopes.slice(bad + 1);
    results.push(...envelopes.slice(0, bad).map(() => undefined), error);
    return rest.length === 0 ? results : [...results, ...(await send(rest, signal))];
  }

  return {
    name,
    batchSize: BATCH_SIZE,
    async deliver(alerts, signal) {
      const envelopes = alerts.map((alert) => envelopeOf(alert, options));
      const limits = { items: BATCH_SIZE, bytes: MAX_BATCH_BYTES };
      const results: Results = [];
      for (const { items } of pack(envelopes, limits, (text) => Buffer.byteLength(text))) {
        results.push(...(await send(items, signal)));
      }
      return results;
    },
    close: () => dependencies.client.close(),
  };
}

function envelopeOf(alert: Alert, options: SplunkHecOptions): string {
  const event =
    options.format === "splunk-hec"
      ? cimAlert(alert)
      : formatOf(options.format, options).format(alert).body;
  return splunkEnvelope(alert, event, options);
}

async function post(
  options: SplunkHecOptions,
  { client, secrets }: SplunkHecDependencies,
  body: string,
  signal: AbortSignal,
): Promise<{ host: string; answer: HttpAnswer }> {
  const url = new URL("/services/collector/event", await parseUrl(options.url, secrets));
  const send = async () => {
    const authorization = `Splunk ${await secrets.read(options.token)}`;
    const headers = { authorization, "content-type": "application/json", "user-agent": "keyhawk" };
    return await client.post(url, { headers, body }, signal);
  };
  let answer = await send();
  const refused = answer.status === 401 || answer.status === 403;
  if (refused && (await secrets.refresh(options.token))) answer = await send();
  return { host: url.host, answer };
}

const Answer = z.object({
  text: z.string().optional().catch(undefined),
  code: z.int().optional().catch(undefined),
  "invalid-event-number": z.int().min(0).optional().catch(undefined),
});

function codeOf({ body }: HttpAnswer): z.infer<typeof Answer> {
  try {
    return Answer.parse(JSON.parse(body));
  } catch {
    return {}; // A proxy's page, say: its status is all there is to go by.
  }
}

/** No data, invalid data format, event field required, event field blank: wrong with what was sent. */
const aboutTheEvent = new Set([5, 6, 12, 13]);

function errorOfCode(
  sink: string,
  host: string,
  answer: HttpAnswer,
  code: number | undefined,
): DeliveryError {
  const byStatus = errorOfAnswer(sink, host, answer);
  if (code === undefined || code === 0) {
    return byStatus ?? new DeliveryError(sink, `${host} answered no code`, { retryable: true });
  }
  return new DeliveryError(sink, `${host} answered ${answer.status}, code ${code}`, {
    retryable: !aboutTheEvent.has(code),
    retryAfterMs: answer.retryAfterMs,
  });
}
