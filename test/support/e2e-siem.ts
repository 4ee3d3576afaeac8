import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import type { Alert } from "../../src/detection/alert.ts";
import { type Answer, startHttpReceiver } from "./http-receiver.ts";

/** A webhook receiver that believes only what is signed. */
export interface Siem extends AsyncDisposable {
  readonly url: string;
  /** Value of the secret that its deliveries are to be signed with. */
  readonly secret: string;
  /** What was accepted, in order, each delivery once. */
  readonly accepted: readonly Alert[];
  /** Why deliveries were refused, beside outages. */
  readonly refused: readonly string[];
  /** Requests so far, whatever came of them. */
  readonly requests: number;
  /** Until it is undone, each request ends like this. */
  outage(answer: Answer | undefined): void;
}

/** Starts a receiver that verifies each delivery with the reference implementation of Standard Webhooks. */
export async function startSiem({ answerAfterMs = 0 } = {}): Promise<Siem> {
  const secret = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;
  const verifier = new Webhook(secret);
  const accepted: Alert[] = [];
  const refused: string[] = [];
  let outage: Answer | undefined;
  const receiver = await startHttpReceiver(async ({ headers, body }) => {
    if (answerAfterMs > 0) await sleep(answerAfterMs);
    if (outage !== undefined) return outage;
    try {
      const { data } = verifier.verify(body, headers as Record<string, string>) as { data: Alert };
      const id = `${data.alertId}-${data.revision}`;
      if (headers["webhook-id"] !== id) throw new Error(`webhook-id is not ${id}`);
      accepted.push(data);
      return { status: 204 };
    } catch (error) {
      refused.push(String(error));
      return { status: 400 };
    }
  });
  return {
    url: `${receiver.url}/alerts`,
    secret,
    accepted,
    refused,
    get requests() {
      return receiver.requests.length;
    },
    outage(answer) {
      outage = answer;
    },
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  };
}

/** The newest revision of each alert among those given, `ID → REVISION`. */
export function lastRevisions(alerts: Iterable<Alert>): Map<string, number> {
  const last = new Map<string, number>();
  for (const { alertId, revision } of alerts) {
    last.set(alertId, Math.max(revision, last.get(alertId) ?? 0));
  }
  return new Map([...last].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Each revision among those given once, `ID REVISION`, sorted. */
export function revisionsIn(alerts: Iterable<Alert>): string[] {
  return [...new Set([...alerts].map(({ alertId, revision }) => `${alertId} ${revision}`))].sort();
}
