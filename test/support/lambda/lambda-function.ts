import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "aws-lambda";

/** What Lambda calls; the event is what `JSON.parse` made of the payload. */
export type LambdaHandler = (event: unknown, context: Context) => Promise<unknown>;

/** How an invocation ended, as the event source mapping sees it. */
export type InvocationResult =
  | { readonly status: "answered"; readonly answer: unknown }
  | { readonly status: "failed"; readonly error: string }
  /** The caller waits no longer; what the handler had begun may still go on and take effect. */
  | { readonly status: "timed out" }
  /** No sandbox was free: the handler saw nothing. */
  | { readonly status: "throttled" };

export interface LambdaFunctionOptions {
  readonly name: string;
  /** Makes a new sandbox, with caches and clients of its own, and gives its handler. */
  readonly create: (sandbox: number) => LambdaHandler | Promise<LambdaHandler>;
  /** Ends a sandbox that is not used again; what runs in it must fail then. */
  readonly end?: (sandbox: number) => void | Promise<void>;
  readonly timeoutMs: number;
  /** Sandboxes at a time, the function's reserved concurrency; more invocations are throttled. */
  readonly concurrency: number;
  /** Invocations after which a sandbox is replaced by a new one with cold caches; none when left out. */
  readonly invocationsPerSandbox?: number;
}

/** A Lambda function in this process. */
export interface LambdaFunction {
  readonly name: string;
  readonly arn: string;
  /** Sandboxes made so far: cold starts. */
  readonly sandboxes: number;
  /** Invokes with a payload of JSON text. */
  invoke(payload: string, patience?: Patience): Promise<InvocationResult>;
  /** Resolves when no handler runs any more, abandoned ones included. */
  settled(): Promise<void>;
  /** Ends all sandboxes. */
  stop(): Promise<void>;
}

/** How long an invocation is waited for, and what becomes of one that takes longer. */
export interface Patience {
  /** The function's own timeout if left out; the handler is not told of a shorter one. */
  readonly timeoutMs?: number;
  /** Whether the sandbox is killed then, wherever it stands; else what it does goes on unheard. */
  readonly kills?: boolean;
}

/** Largest payload of a synchronous invocation, bytes (AWS Lambda quotas: 6 MB each for request and response). */
export const MOST_PAYLOAD_BYTES = 6 * 1024 * 1024;

interface Sandbox {
  readonly number: number;
  readonly handler: LambdaHandler;
  invocations: number;
}

/**
 * Emulates what matters of Lambda to a handler: one event at a time in a sandbox, sandboxes that are reused with what they
 * remember, any number of them at once up to the concurrency, payloads and answers as JSON text, and a timeout after which
 * nobody listens while the requests that were under way still arrive. A sandbox that timed out or threw is not used again.
 */
export function lambdaFunction(options: LambdaFunctionOptions): LambdaFunction {
  const { name, create, concurrency } = options;
  const arn = `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
  const idle: Sandbox[] = [];
  const running = new Set<Promise<unknown>>();
  let made = 0;
  let busy = 0;

  async function end({ number }: Sandbox): Promise<void> {
    await options.end?.(number);
  }

  async function sandbox(): Promise<Sandbox> {
    const warm = idle.pop();
    if (warm !== undefined) return warm;
    const number = (made += 1);
    return { number, handler: await create(number), invocations: 0 };
  }

  async function run(used: Sandbox, payload: string, endsAtMs: number): Promise<InvocationResult> {
    used.invocations += 1;
    try {
      const answer = await used.handler(JSON.parse(payload), contextOf(name, arn, endsAtMs));
      return { status: "answered", answer: JSON.parse(JSON.stringify(answer ?? null)) as unknown };
    } catch (error) {
      return { status: "failed", error: String(error) };
    }
  }

  async function use(payload: string, patience: Patience): Promise<InvocationResult> {
    const used = await sandbox();
    const timeoutMs = patience.timeoutMs ?? options.timeoutMs;
    const handled = run(used, payload, Date.now() + options.timeoutMs);
    const inTime = new AbortController();
    running.add(handled);
    const ended = handled.then(async (result) => {
      running.delete(handled);
      const isSpent = used.invocations >= (options.invocationsPerSandbox ?? Infinity);
      if (inTime.signal.aborted || isSpent || result.status !== "answered") await end(used);
      else idle.push(used);
      inTime.abort();
      return result;
    });
    const late = sleep(timeoutMs, undefined, { signal: inTime.signal }).then(
      async () => {
        inTime.abort();
        if (patience.kills === true) await end(used);
        return { status: "timed out" } as const;
      },
      () => ended,
    );
    return Promise.race([ended, late]);
  }

  return {
    name,
    arn,
    get sandboxes() {
      return made;
    },
    async invoke(payload, patience = {}) {
      if (busy >= concurrency) return { status: "throttled" };
      if (Buffer.byteLength(payload) > MOST_PAYLOAD_BYTES) {
        return { status: "failed", error: "RequestEntityTooLargeException" };
      }
      busy += 1;
      try {
        return await use(payload, patience);
      } catch (error) {
        return { status: "failed", error: `no sandbox: ${String(error)}` };
      } finally {
        busy -= 1;
      }
    },
    async settled() {
      while (running.size > 0) await Promise.allSettled(running);
    },
    async stop() {
      await Promise.all(idle.splice(0).map(end));
    },
  };
}

function contextOf(name: string, arn: string, endsAtMs: number): Context {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: "$LATEST",
    invokedFunctionArn: arn,
    memoryLimitInMB: "1769",
    awsRequestId: randomUUID(),
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: "loopback",
    getRemainingTimeInMillis: () => Math.max(0, endsAtMs - Date.now()),
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
}
