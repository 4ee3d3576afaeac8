import { parentPort, workerData } from "node:worker_threads";
import type { Context } from "aws-lambda";
import type { LambdaHandler } from "./lambda-function.ts";

/** What a sandbox is asked: one event at a time. */
export interface SandboxRequest {
  readonly payload: string;
  readonly context: Pick<Context, "awsRequestId" | "functionName" | "invokedFunctionArn">;
  readonly endsAtMs: number;
}

/** What a sandbox says. */
export type SandboxReply = { readonly answer: string } | { readonly error: string };

const { file, aheadMs } = workerData as { file: string; aheadMs: number };
const clock = Date.now.bind(Date);
Date.now = () => clock() + aheadMs;
const { handler } = (await import(file)) as { handler: LambdaHandler };

parentPort?.on("message", (request: SandboxRequest) => {
  const { payload, context, endsAtMs } = request;
  const whole = {
    ...context,
    functionVersion: "$LATEST",
    getRemainingTimeInMillis: () => Math.max(0, endsAtMs - clock()),
  } as Context;
  const answered = async (): Promise<SandboxReply> => {
    const answer = await handler(JSON.parse(payload), whole);
    return { answer: JSON.stringify(answer ?? null) };
  };
  void answered()
    .catch((error: unknown) => ({ error: String((error as Error).stack ?? error) }))
    .then((reply: SandboxReply) => parentPort?.postMessage(reply, []));
});
