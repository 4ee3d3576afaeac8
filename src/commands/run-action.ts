import { readEnvelope } from "../cloudtrail/envelope.ts";
import type { ReadOptions } from "../cloudtrail/records.ts";
import { type Config, ConfigError, loadConfig } from "../config.ts";
import { createRouting } from "../delivery/routing.ts";
import { runPipeline } from "../pipeline.ts";
import { historySource } from "../sources/history-source.ts";
import { kinesisSource } from "../sources/kinesis/kinesis-source.ts";
import { nodePlatform } from "../sources/node-platform.ts";
import { fetchObject } from "../sources/s3/fetch-object.ts";
import { s3Client } from "../sources/s3/s3-client.ts";
import { s3Options } from "../sources/s3/s3-options.ts";
import { withSilenceNotice } from "../sources/silence-notice.ts";
import type { Source } from "../sources/source.ts";
import { openStore } from "../store/open-store.ts";
import type { StateStore } from "../store/store.ts";
import { assembleEngine, contextHashKey } from "./assembly.ts";
import { assembleDelivery } from "./delivery-assembly.ts";
import type { CommandContext, RunOptions } from "./options.ts";

/** Longest wait for the sinks once the consumer was told to stop. */
const DRAIN_MS = 5000;
/** How often the log says what was done since. */
const HEARTBEAT_MS = 60_000;
const MINUTE_MS = 60_000;

/** `keyhawk run`: the live consumer, until stopped. Resolves to the exit status. */
export async function run({ configFile }: RunOptions, context: CommandContext): Promise<number> {
  const config = await loadConfig(configFile);
  if (config.source === undefined) {
    throw new ConfigError([
      { file: configFile, path: "source", text: "expected a source to read from, found none" },
    ]);
  }
  await using store = await openStore(config.state, {
    outboxLimit: config.delivery.outboxLimit,
    learns: true,
  });
  const delivery = await assembleDelivery(config, store, context);
  const stopDelivery = new AbortController();
  const delivering = delivery.run(stopDelivery.signal);
  try {
    await consume(config, store, context, () => delivery.wake());
    await delivery.drain(Date.now() + DRAIN_MS);
  } finally {
    stopDelivery.abort();
    await delivering;
    await delivery.close();
  }
  context.log.info({ state: config.state }, "stopped, state saved");
  return 0;
}

async function consume(
  config: Config,
  store: StateStore,
  context: CommandContext,
  wake: () => void,
): Promise<void> {
  const { log, signal } = context;
  const source = await assembleSource(config, store, context);
  const engine = await assembleEngine(config, store, { learnUntilMs: undefined, replay: false });
  const sinksFor = createRouting(config.sinks);
  let records = 0;
  let alerts = 0;
  let nextHeartbeatMs = Date.now() + HEARTBEAT_MS;
  log.info({ source: source.name, sinks: config.sinks.length, state: config.state }, "running");
  wake();
  await runPipeline(
    {
      source,
      engine,
      store,
      sinksFor,
      closesAtEnd: false,
      keepsHistory: true,
      committed: async (batch, commit) => {
        records += batch.counts.records;
        alerts += commit.counters.alerts ?? 0;
        if (commit.deliveries.length > 0) wake();
        if (Date.now() < nextHeartbeatMs) return;
        nextHeartbeatMs = Date.now() + HEARTBEAT_MS;
        log.debug({ records, alerts }, "consumed so far");
      },
    },
    signal,
  );
}

async function assembleSource(
  { source, limits }: Config,
  store: StateStore,
  { log, env }: CommandContext,
): Promise<Source> {
  const hashKey = await contextHashKey(store);
  if (source?.files !== undefined) {
    const parse = {
      contextHashKey: hashKey,
      maxOpenedBytes: limits.openedBytes.files,
      maxRecordBytes: limits.recordBytes,
      notAfterMs: undefined,
    };
    return historySource(source.files.paths, { parse, s3: s3Options(env) }, { log });
  }
  if (source?.kinesis === undefined) throw new TypeError("source: neither kinesis nor files");
  const options: Omit<ReadOptions, "notAfterMs"> = {
    platform: nodePlatform,
    contextHashKey: hashKey,
    maxOpenedBytes: limits.openedBytes.stream,
    maxRecordBytes: limits.recordBytes,
  };
  const { region } = source.kinesis;
  const s3 = s3Client({ ...s3Options(env), region });
  const stream = kinesisSource(source.kinesis, {
    read: (data, notAfterMs) => readEnvelope(data, { ...options, notAfterMs }),
    log,
    fetchObject: (pointer) => fetchObject(s3, pointer),
  });
  return withSilenceNotice(stream, { afterMs: source.kinesis.silentAfterMinutes * MINUTE_MS });
}
