import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { EventBridgeEvent } from "aws-lambda";
import type { InvocationResult, LambdaFunction } from "./lambda-function.ts";

/** Attempts of an asynchronous invocation (AWS Lambda Developer Guide, "invocation-async-error-handling"). */
const ATTEMPTS = 3;

/** A rule of EventBridge on a schedule. */
export interface Schedule {
  /** Invokes the function as the rule does when its time has come: again when it fails, at most three times. */
  fire(): Promise<InvocationResult>;
  /** No more invocations on its own; resolves when the last is over. */
  stop(): Promise<void>;
}

/** Emulates a rule that invokes a function every so many milliseconds; Infinity: only when told to. */
export function startSchedule(invoked: LambdaFunction, everyMs: number): Schedule {
  const stopped = new AbortController();

  async function fire(): Promise<InvocationResult> {
    const payload = JSON.stringify(eventOf(new Date()));
    let result = await invoked.invoke(payload);
    for (let attempt = 1; attempt < ATTEMPTS && result.status !== "answered"; attempt += 1) {
      result = await invoked.invoke(payload);
    }
    return result;
  }

  async function run(): Promise<void> {
    while (Number.isFinite(everyMs) && !stopped.signal.aborted) {
      await sleep(everyMs, undefined, { signal: stopped.signal }).catch(() => undefined);
      if (!stopped.signal.aborted) await fire();
    }
  }

  const running = run();
  return {
    fire,
    async stop() {
      stopped.abort();
      await running;
    },
  };
}

function eventOf(time: Date): EventBridgeEvent<"Scheduled Event", Record<string, never>> {
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": "Scheduled Event",
    source: "aws.events",
    account: "000000000000",
    time: time.toISOString().replace(/\.\d+/, ""),
    region: "us-east-1",
    resources: ["arn:aws:events:us-east-1:000000000000:rule/keyhawk-tick"],
    detail: {},
  };
}
