import type { Log } from "../../telemetry.ts";
import { SourceError } from "../source-error.ts";
import { backoffMs } from "./backoff.ts";
import { pause } from "./waiting.ts";

/** Makes one AWS request, again and again until it succeeds. */
export type Call = <Answer>(request: {
  readonly action: string;
  readonly shardId?: string;
  /** Errors, by name, that the caller deals with itself. */
  readonly expected?: readonly string[];
  readonly send: (signal: AbortSignal) => Promise<Answer>;
}) => Promise<Answer>;

/** AWS allows each kind of request on a shard five times a second, refused ones included. */
const LEAST_PAUSE_MS = 200;

type Problem = readonly [problem: string, code: "usage" | "access"];

/** Nothing that waiting mends: wrong credentials, no permission, no such stream. */
const hopeless: ReadonlyMap<string, Problem> = new Map<string, Problem>([
  ["AccessDeniedException", ["access denied", "access"]],
  ["KMSAccessDeniedException", ["access to the stream's KMS key denied", "access"]],
  ["ResourceNotFoundException", ["not found", "usage"]],
  ["UnrecognizedClientException", ["the credentials are not known to AWS", "access"]],
  ["InvalidSignatureException", ["the request signature is not valid", "access"]],
  ["IncompleteSignatureException", ["the request signature is not valid", "access"]],
  ["MissingAuthenticationTokenException", ["no credentials", "access"]],
  ["CredentialsProviderError", ["no credentials", "access"]],
  ["ValidationException", ["the request is not valid", "usage"]],
  ["InvalidArgumentException", ["the request is not valid", "usage"]],
]);

/**
 * A caller that retries throttling, server errors, lost connections and whatever else can pass, for ever, with
 * exponential backoff and full jitter. It says so once per outage of an action on a shard, and once when it is over.
 *
 * An action that has never succeeded and is refused is a mistake in the configuration: it throws `SourceError`.
 * One that has worked before is retried then too, since a policy that is being edited comes back.
 */
export function createCall(stream: string, log: Log, signal: AbortSignal): Call {
  const permitted = new Set<string>();
  return async ({ action, shardId, expected = [], send }) => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const answer = await send(signal);
        permitted.add(action);
        if (attempt > 0) {
          log.info(
            { stream, action, shard: shardId, attempts: attempt + 1 },
            "Kinesis answers again",
          );
        }
        return answer;
      } catch (error) {
        const name = error instanceof Error ? error.name : "unknown";
        if (signal.aborted || expected.includes(name)) {
          throw error;
        }
        const problem = hopeless.get(name);
        if (problem !== undefined && !permitted.has(action)) {
          const [what, code] = problem;
          const detail = error instanceof Error ? error.message : name;
          const text = `${what} (kinesis:${action}): ${detail}`;
          throw new SourceError(`stream ${stream}`, text, { code, cause: error });
        }
        if (attempt === 0) {
          log.warn({ stream, action, shard: shardId, error }, "Kinesis does not answer, trying on");
        }
        await pause(Math.max(LEAST_PAUSE_MS, backoffMs(attempt, Math.random())), signal);
        signal.throwIfAborted();
      }
    }
  };
}
