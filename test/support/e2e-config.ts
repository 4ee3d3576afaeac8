import { writeFile } from "node:fs/promises";
import type { Siem } from "./e2e-siem.ts";
import type { Topic } from "./topic.ts";

export interface LiveConfig {
  readonly endpoint: string;
  readonly stream: string;
  readonly state: string;
  readonly siem?: Siem | undefined;
  readonly topic?: Topic | undefined;
  readonly kinesis?: Readonly<Record<string, unknown>>;
  readonly delivery?: Readonly<Record<string, unknown>>;
  readonly limits?: Readonly<Record<string, unknown>>;
}

/** Environment of a consumer whose webhook secret is that of the receiver. */
export function liveEnvironment(siem: Siem | undefined): Record<string, string> {
  return siem === undefined ? {} : { KEYHAWK_WEBHOOK_SECRET: siem.secret };
}

/**
 * Writes the configuration of a consumer against servers on loopback and gives its path. Hours of a trail pass within
 * milliseconds here, so shards are read in the exact order of arrival (`alignmentMs: 0`).
 */
export async function writeLiveConfig(path: string, live: LiveConfig): Promise<string> {
  const { endpoint, stream, state, siem, topic, kinesis, delivery, limits } = live;
  const webhook = siem && {
    type: "webhook",
    name: "siem",
    url: siem.url,
    secret: "env:KEYHAWK_WEBHOOK_SECRET",
    allowPrivateNetworks: ["127.0.0.0/8"],
  };
  const sns = topic && {
    type: "sns",
    name: "on-call",
    topicArn: topic.options.topicArn,
    endpoint: topic.options.endpoint,
  };
  const config = {
    version: 1,
    source: {
      kinesis: {
        stream,
        endpoint,
        region: "us-east-1",
        pollIntervalMs: 200,
        alignmentMs: 0,
        shardRefreshMs: 1000,
        ...kinesis,
      },
    },
    state,
    sinks: [sns, webhook].filter((sink) => sink !== undefined),
    delivery: { retry: { initialMs: 50, maximumMs: 500 }, pollMs: 200, ...delivery },
    limits,
  };
  await writeFile(path, JSON.stringify(config, undefined, 2));
  return path;
}
