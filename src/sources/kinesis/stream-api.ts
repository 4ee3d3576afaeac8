import {
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  type KinesisClient,
  ListShardsCommand,
  type ListShardsCommandOutput,
} from "@aws-sdk/client-kinesis";
import type { Call } from "./calls.ts";
import { streamName } from "./options.ts";
import type { Shard } from "./shard-graph.ts";
import type { Cursor } from "./start-plan.ts";

/** One record as Kinesis hands it out. */
export interface StreamRecord {
  readonly sequence: string;
  readonly arrivalMs: number;
  readonly data: Uint8Array;
}

/** The answer to one read. */
export interface Page {
  readonly records: readonly StreamRecord[];
  readonly bytes: number;
  /** Undefined once a closed shard is read to its end. */
  readonly next: string | undefined;
  /** How far the end of this page is behind the newest record of the shard, in milliseconds. */
  readonly behindMs: number;
  /** The shards that follow, named with the last page; not every server does. */
  readonly children: readonly Shard[];
}

/** The four requests that a consumer makes, in our words. */
export interface StreamApi {
  /** All shards that still hold records, closed ones included, from every page of the listing. */
  listShards(): Promise<Map<string, Shard>>;
  retentionMs(): Promise<number>;
  /** Undefined where the position is no longer, or was never, one of this shard. */
  openIterator(shardId: string, cursor: Cursor): Promise<OpenedIterator>;
  /** Or "expired", for an iterator older than 5 minutes. */
  getRecords(shardId: string, iterator: string, limit: number): Promise<Page | ReadProblem>;
}

export type OpenedIterator = { readonly iterator: string } | "refused" | "missing";
export type ReadProblem = "expired" | "missing";

const HOUR_MS = 3_600_000;

type Target = { readonly StreamName: string } | { readonly StreamARN: string };

export function streamApi(client: KinesisClient, stream: string, call: Call): StreamApi {
  const isArn = stream.startsWith("arn:");
  const target: Target = isArn ? { StreamARN: stream } : { StreamName: stream };
  return {
    listShards: () => listAll(client, target, call, streamName(stream)),

    async retentionMs() {
      const answer = await call({
        action: "DescribeStreamSummary",
        send: (abortSignal) =>
          client.send(new DescribeStreamSummaryCommand(target), { abortSignal }),
      });
      return (answer.StreamDescriptionSummary?.RetentionPeriodHours ?? 24) * HOUR_MS;
    },

    openIterator: (shardId, cursor) =>
      orProblem<OpenedIterator>(
        async () => {
          const query = { ...target, ShardId: shardId, ...startOf(cursor) };
          const answer = await call({
            action: "GetShardIterator",
            shardId,
            // The stream has been listed by now: a shard that is not found is one that has expired.
            expected: ["ResourceNotFoundException", ...(isPlace(cursor) ? refusals : [])],
            send: (abortSignal) => client.send(new GetShardIteratorCommand(query), { abortSignal }),
          });
          const iterator = answer.ShardIterator;
          return iterator === undefined ? "refused" : { iterator };
        },
        {
          ResourceNotFoundException: "missing",
          InvalidArgumentException: "refused",
          ValidationException: "refused",
        },
      ),

    getRecords: (shardId, iterator, limit) =>
      orProblem<Page | ReadProblem>(async () => {
        const query = {
          ...("StreamARN" in target ? target : {}),
          ShardIterator: iterator,
          Limit: limit,
        };
        const answer = await call({
          action: "GetRecords",
          shardId,
          expected: Object.keys(readProblems),
          send: (abortSignal) => client.send(new GetRecordsCommand(query), { abortSignal }),
        });
        return pageOf(answer);
      }, readProblems),
  };
}

/** A place that the stream may not know; the trim horizon and the tip always exist. */
function isPlace({ kind }: Cursor): boolean {
  return kind === "after" || kind === "at";
}

const refusals = ["InvalidArgumentException", "ValidationException"];

/** An iterator that is not understood is as good as an expired one: it is opened anew. */
const readProblems: Readonly<Record<string, ReadProblem>> = {
  ExpiredIteratorException: "expired",
  InvalidArgumentException: "expired",
  ResourceNotFoundException: "missing",
};

function pageOf(answer: GetRecordsCommandOutput): Page {
  const records = (answer.Records ?? []).map((record) => ({
    sequence: record.SequenceNumber ?? "",
    arrivalMs: record.ApproximateArrivalTimestamp?.getTime() ?? Date.now(),
    data: record.Data ?? new Uint8Array(),
  }));
  return {
    records,
    bytes: records.reduce((sum, record) => sum + record.data.byteLength, 0),
    next: answer.NextShardIterator,
    behindMs: answer.MillisBehindLatest ?? 0,
    children: (answer.ChildShards ?? []).flatMap(({ ShardId: id, ParentShards: parents = [] }) =>
      id === undefined ? [] : [{ id, parents, open: true }],
    ),
  };
}

/** Turns the named errors into a word; `call` has thrown only those that were expected, or what is fatal. */
async function orProblem<Result>(
  attempt: () => Promise<Result>,
  problems: Readonly<Record<string, Result>>,
): Promise<Result> {
  try {
    return await attempt();
  } catch (error) {
    const problem = error instanceof Error ? problems[error.name] : undefined;
    if (problem === undefined) {
      throw error;
    }
    return problem;
  }
}

function startOf(cursor: Cursor): Omit<GetShardIteratorCommandInput, "ShardId"> {
  if (cursor.kind === "after") {
    return { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: cursor.sequence };
  }
  if (cursor.kind === "at") {
    return { ShardIteratorType: "AT_TIMESTAMP", Timestamp: new Date(cursor.throughMs) };
  }
  return { ShardIteratorType: cursor.kind === "latest" ? "LATEST" : "TRIM_HORIZON" };
}

async function listAll(
  client: KinesisClient,
  target: Target,
  call: Call,
  stream: string,
): Promise<Map<string, Shard>> {
  const shards = new Map<string, Shard>();
  let token: string | undefined;
  for (;;) {
    const query = token === undefined ? target : { NextToken: token };
    const page = await orProblem<ListShardsCommandOutput | "expired">(
      () =>
        call({
          action: "ListShards",
          expected: ["ExpiredNextTokenException"],
          send: (abortSignal) => client.send(new ListShardsCommand(query), { abortSignal }),
        }),
      { ExpiredNextTokenException: "expired" },
    );
    if (page === "expired") {
      shards.clear();
      token = undefined;
      continue;
    }
    for (const {
      ShardId: id,
      ParentShardId,
      AdjacentParentShardId,
      SequenceNumberRange,
    } of page.Shards ?? []) {
      if (id === undefined) {
        throw new Error(`stream ${stream}: a listed shard has no id`);
      }
      const parents = [ParentShardId, AdjacentParentShardId].filter(
        (parent) => parent !== undefined,
      );
      shards.set(id, {
        id,
        parents,
        open: SequenceNumberRange?.EndingSequenceNumber === undefined,
      });
    }
    if (page.NextToken === undefined) {
      return shards;
    }
    token = page.NextToken;
  }
}
