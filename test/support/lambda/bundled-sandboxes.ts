import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { LambdaFunctionOptions, LambdaHandler } from "./lambda-function.ts";
import type { SandboxReply, SandboxRequest } from "./sandbox-worker.ts";

export interface BundledSandboxes extends Pick<LambdaFunctionOptions, "create" | "end"> {
  /** What the handlers logged so far. */
  readonly log: () => string;
}

/**
 * Sandboxes for a bundled handler, each a thread with a copy of the code, an environment and clients of its own. Killing one
 * ends it wherever it stands, as Lambda does with a sandbox that ran out of time or memory. `Date.now` may be ahead there.
 */
export function bundledSandboxes(
  file: string,
  env: Readonly<Record<string, string>>,
  aheadMs = 0,
): BundledSandboxes {
  const workers = new Map<number, Worker>();
  const logged: string[] = [];
  return {
    log: () => logged.join(""),
    async create(sandbox) {
      const worker = new Worker(new URL("./sandbox-worker.ts", import.meta.url), {
        workerData: { file, aheadMs },
        env: { ...env },
        execArgv: [],
        stdout: true,
        stderr: true,
      });
      workers.set(sandbox, worker);
      for (const output of [worker.stdout, worker.stderr]) {
        output.setEncoding("utf8").on("data", (text: string) => logged.push(text));
      }
      await once(worker, "online");
      return handlerOf(worker);
    },
    async end(sandbox) {
      await workers.get(sandbox)?.terminate();
      workers.delete(sandbox);
    },
  };
}

function handlerOf(worker: Worker): LambdaHandler {
  return (event, context) =>
    new Promise((resolve, reject) => {
      const { awsRequestId, functionName, invokedFunctionArn } = context;
      const request: SandboxRequest = {
        payload: JSON.stringify(event),
        context: { awsRequestId, functionName, invokedFunctionArn },
        endsAtMs: Date.now() + context.getRemainingTimeInMillis(),
      };
      const settle = (): void => {
        worker.off("message", onReply).off("error", onError).off("exit", onExit);
      };
      const onReply = (reply: SandboxReply): void => {
        settle();
        if ("error" in reply) reject(new Error(reply.error));
        else resolve(JSON.parse(reply.answer));
      };
      const onError = (error: unknown): void => {
        settle();
        reject(new Error("the sandbox broke", { cause: error }));
      };
      const onExit = (): void => {
        settle();
        reject(new Error("the sandbox was killed"));
      };
      worker.on("message", onReply).on("error", onError).on("exit", onExit);
      worker.postMessage(request, []);
    });
}
