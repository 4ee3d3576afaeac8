import { readFile } from "node:fs/promises";
import type { Writable } from "node:stream";
import { headerReference, type SinkOptions } from "../options.ts";
import { createSecretReader, type SecretReader, type SecretSources } from "../secrets.ts";
import type { Sink } from "../sink.ts";
import type { Resolve } from "./address-policy.ts";
import { checkFile, fileSink } from "./file.ts";
import { createHttpClient, type HttpClient } from "./http-client.ts";
import { splunkHecSink } from "./splunk-hec.ts";
import { stdoutSink } from "./stdout.ts";
import { webhookSink } from "./webhook.ts";

export interface SinkDependencies {
  /** Environment and clients that references to secrets are read with. */
  readonly secrets: SecretSources;
  readonly stdout: Writable;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Instead of the system's resolver, for tests. */
  readonly resolve?: Resolve;
}

/** A sink cannot be made as it is configured. */
export class SinkError extends Error {
  override readonly name = "SinkError";

  constructor(sink: string, problem: string, options?: ErrorOptions) {
    super(`${sink}: ${problem}`, options);
  }
}

/**
 * Makes the configured sinks. Secrets in the environment and in files are read now, so that a missing one is told at the
 * start; those in AWS are read with the first alert. Throws `SinkError`.
 */
export async function createSinks(
  options: readonly SinkOptions[],
  dependencies: SinkDependencies,
): Promise<Sink[]> {
  const secrets = createSecretReader(dependencies.secrets, dependencies);
  const sinks: Sink[] = [];
  try {
    for (const one of options) sinks.push(await createSink(one, secrets, dependencies));
    return sinks;
  } catch (error) {
    await Promise.all(sinks.map((sink) => sink.close()));
    throw error;
  }
}

async function createSink(
  options: SinkOptions,
  secrets: SecretReader,
  dependencies: SinkDependencies,
): Promise<Sink> {
  try {
    for (const reference of localReferences(options)) await secrets.read(reference);
    return await build(options, secrets, dependencies);
  } catch (error) {
    const problem = error instanceof Error ? error.message : "cannot be made";
    throw new SinkError(options.name, problem, { cause: error });
  }
}

async function build(
  options: SinkOptions,
  secrets: SecretReader,
  dependencies: SinkDependencies,
): Promise<Sink> {
  switch (options.type) {
    case "sns": {
      // The SDK is loaded only where it is used: most replays send nothing.
      const { snsSink } = await import("./sns.ts");
      return snsSink(options);
    }
    case "webhook": {
      const client = await httpClient(options, dependencies);
      return webhookSink(options, { client, secrets, now: dependencies.now });
    }
    case "splunk-hec":
      return splunkHecSink(options, { client: await httpClient(options, dependencies), secrets });
    case "file":
      await checkFile(options.path);
      return fileSink(options);
    case "stdout":
      return stdoutSink(options, dependencies.stdout);
    default:
      return options satisfies never;
  }
}

async function httpClient(
  options: Extract<SinkOptions, { type: "webhook" | "splunk-hec" }>,
  { now, resolve }: SinkDependencies,
): Promise<HttpClient> {
  const ca = options.caFile === undefined ? undefined : await readFile(options.caFile, "utf8");
  return createHttpClient({ ...options, ca, resolve }, now);
}

function localReferences(options: SinkOptions): string[] {
  const references = [];
  if (options.type === "webhook") {
    const headers = Object.values(options.headers).map((value) => headerReference.exec(value)?.[2]);
    references.push(options.url, options.secret, options.previousSecret, ...headers);
  }
  if (options.type === "splunk-hec") references.push(options.url, options.token);
  return references
    .filter((text) => text !== undefined)
    .filter((text) => /^(?:env|file):/.test(text));
}
