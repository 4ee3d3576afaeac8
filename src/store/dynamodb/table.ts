import {
  type AttributeValue,
  BatchGetItemCommand,
  type BatchGetItemCommandInput,
  type BatchGetItemCommandOutput,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  type KeysAndAttributes,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
  type WriteRequest,
} from "@aws-sdk/client-dynamodb";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { setTimeout as sleep } from "node:timers/promises";
import { StoreError } from "../store.ts";
import { type Item, keyItem, keyOf } from "./item.ts";
import { type ItemKey, keyText } from "./keys.ts";
import { inParallel } from "./parallel.ts";
import { patiently } from "./patience.ts";
import { tableError } from "./table-error.ts";

export interface TableOptions {
  /** URL of a VPC endpoint or of another server that speaks DynamoDB; by default as the AWS SDK reads it. */
  readonly endpoint?: string | undefined;
  /** How long one request is tried again while the table throttles or cannot be reached, 2 minutes by default. */
  readonly patienceMs?: number | undefined;
}

/** A range of one partition, in the order of the sort keys' UTF-8 bytes. At most one of `after`, `prefix` and `from`/`to`. */
export interface ItemRange {
  readonly pk: string;
  readonly after?: string;
  readonly prefix?: string;
  /** Both are part of the range. */
  readonly from?: string;
  readonly to?: string;
  readonly descending?: boolean;
  /** Most items read at once; by default as many as fit into 1 MB. */
  readonly pageItems?: number;
  /** Attributes to read, all by default. */
  readonly attributes?: readonly string[];
}

export type UpdateInput = Omit<UpdateItemCommandInput, "TableName" | "Key">;
export type WriteCondition = Pick<
  UpdateItemCommandInput,
  "ConditionExpression" | "ExpressionAttributeNames" | "ExpressionAttributeValues"
>;

/** One table, every reading of which is consistent, and every request patient and throws `StoreError`s. */
export class Table implements Disposable {
  readonly name: string;
  /** How messages name it. */
  readonly place: string;
  /** Requests sent so far, those tried again included. */
  requests = 0;
  readonly #client: DynamoDBClient;
  readonly #patienceMs: number;

  constructor(name: string, { endpoint, patienceMs = 120_000 }: TableOptions = {}) {
    this.name = name;
    this.place = `dynamodb://${name}`;
    this.#patienceMs = patienceMs;
    this.#client = new DynamoDBClient({
      ...(endpoint === undefined ? {} : { endpoint }),
      // `patiently` tries again: for longer, and without a budget that runs out when many requests are throttled.
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler({
        connectionTimeout: 5000,
        requestTimeout: 15_000,
        throwOnRequestTimeout: true,
        httpsAgent: { maxSockets, keepAlive: true },
        httpAgent: { maxSockets, keepAlive: true },
      }),
    });
  }

  async get(key: ItemKey): Promise<Item | undefined> {
    const input = { TableName: this.name, Key: keyItem(key), ConsistentRead: true };
    return (await this.#send((client) => client.send(new GetItemCommand(input)))).Item;
  }

  /** The items that exist, in no order; a key may be given twice. */
  async getMany(keys: readonly ItemKey[]): Promise<Item[]> {
    return await this.#getAll(keys, true);
  }

  /** Wanted items, of those that never change once they are: at half the price, since only what is not found so is read consistently. */
  async getLasting(
    keys: readonly ItemKey[],
    isWanted: (item: Item) => boolean = () => true,
  ): Promise<Item[]> {
    const found = (await this.#getAll(keys, false)).filter(isWanted);
    const known = new Set(found.map((item) => keyText(keyOf(item))));
    const missing = keys.filter((key) => !known.has(keyText(key)));
    return [...found, ...(await this.#getAll(missing, true)).filter(isWanted)];
  }

  async #getAll(keys: readonly ItemKey[], isConsistent: boolean): Promise<Item[]> {
    const distinct = [...new Map(keys.map((key) => [keyText(key), key])).values()];
    const batches = inBatches(distinct, batchGetKeys);
    return (await inParallel(batches, 8, (batch) => this.#getBatch(batch, isConsistent))).flat();
  }

  /** Pages of a range, in order; pages may be empty. */
  async *pages(range: ItemRange): AsyncGenerator<Item[], void, undefined> {
    const input = queryInput(this.name, range);
    let start: Item | undefined;
    do {
      const page = { ...input, ...pageFrom(start) };
      const answer = await this.#send((client) => client.send(new QueryCommand(page)));
      yield answer.Items ?? [];
      start = answer.LastEvaluatedKey;
    } while (start !== undefined);
  }

  /** Changes an item and gives what `ReturnValues` asks for, undefined where its condition did not hold. */
  async update(key: ItemKey, input: UpdateInput): Promise<Item | undefined> {
    const whole = { TableName: this.name, Key: keyItem(key), ...input };
    return await unlessRefused(async () => {
      const answer = await this.#send((client) => client.send(new UpdateItemCommand(whole)));
      return answer.Attributes ?? {};
    });
  }

  /** Writes a whole item; false where the condition did not hold. */
  async put(item: Item, condition: WriteCondition = {}): Promise<boolean> {
    const input = { TableName: this.name, Item: item, ...condition };
    const answer = await unlessRefused(() =>
      this.#send((client) => client.send(new PutItemCommand(input))),
    );
    return answer !== undefined;
  }

  /** Removes an item for good, where the condition holds. */
  async delete(key: ItemKey, condition: WriteCondition = {}): Promise<void> {
    const input = { TableName: this.name, Key: keyItem(key), ...condition };
    await unlessRefused(() => this.#send((client) => client.send(new DeleteItemCommand(input))));
  }

  /** Writes whole items, without conditions. */
  async putMany(items: readonly Item[]): Promise<void> {
    await inParallel(inBatches(items, batchWriteItems), 4, async (batch) => {
      await this.#writeBatch(batch.map((item) => ({ PutRequest: { Item: item } })));
    });
  }

  /** The first items of an index whose range is at most `most`, in order. What was written last may not be there yet. */
  async indexed(
    { name, hash, range }: { name: string; hash: string; range: string },
    { value, most, limit }: { value: string; most: number; limit: number },
  ): Promise<Item[]> {
    const found: Item[] = [];
    const input: QueryCommandInput = {
      TableName: this.name,
      IndexName: name,
      KeyConditionExpression: "#hash = :value AND #range <= :most",
      ExpressionAttributeNames: { "#hash": hash, "#range": range },
      ExpressionAttributeValues: { ":value": { S: value }, ":most": { N: String(most) } },
    };
    let start: Item | undefined;
    do {
      const page = { ...input, ...pageFrom(start), Limit: Math.max(1, limit - found.length) };
      const answer = await this.#send((client) => client.send(new QueryCommand(page)));
      found.push(...(answer.Items ?? []));
      start = answer.LastEvaluatedKey;
    } while (start !== undefined && found.length < limit);
    return found.slice(0, limit);
  }

  async deleteMany(keys: readonly ItemKey[]): Promise<void> {
    await inParallel(inBatches(keys, batchWriteItems), 4, async (batch) => {
      await this.#writeBatch(batch.map((key) => ({ DeleteRequest: { Key: keyItem(key) } })));
    });
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }

  async #getBatch(keys: readonly ItemKey[], isConsistent: boolean): Promise<Item[]> {
    const items: Item[] = [];
    const ConsistentRead = isConsistent;
    let left: KeysAndAttributes | undefined = { Keys: keys.map(keyItem), ConsistentRead };
    for (let fruitless = 0; left !== undefined; fruitless += 1) {
      const input: BatchGetItemCommandInput = { RequestItems: { [this.name]: left } };
      const answer: BatchGetItemCommandOutput = await this.#send((client) =>
        client.send(new BatchGetItemCommand(input)),
      );
      const found = Object.values(answer.Responses ?? {}).flat();
      items.push(...found);
      if (found.length > 0) fruitless = 0;
      left = Object.values(answer.UnprocessedKeys ?? {})[0];
      if (left !== undefined) await this.#pause(fruitless);
    }
    return items;
  }

  async #writeBatch(requests: WriteRequest[]): Promise<void> {
    let left = requests;
    for (let fruitless = 0; left.length > 0; fruitless += 1) {
      const input = { RequestItems: { [this.name]: left } };
      const answer = await this.#send((client) => client.send(new BatchWriteItemCommand(input)));
      const next = Object.values(answer.UnprocessedItems ?? {})[0] ?? [];
      if (next.length < left.length) fruitless = 0;
      left = next;
      if (left.length > 0) await this.#pause(fruitless);
    }
  }

  /** What a batch left over was throttled: it waits as `patiently` does. */
  async #pause(fruitless: number): Promise<void> {
    if (fruitless >= fruitlessBatches) {
      const problem = "the table throttles everything; give it more capacity";
      throw new StoreError("busy", this.place, problem);
    }
    await sleep(Math.random() * Math.min(5000, 25 * 2 ** fruitless));
  }

  async #send<Answer>(send: (client: DynamoDBClient) => Promise<Answer>): Promise<Answer> {
    try {
      return await patiently(() => {
        this.requests += 1;
        return send(this.#client);
      }, this.#patienceMs);
    } catch (error) {
      throw tableError(this.place, error);
    }
  }
}

const maxSockets = 64;
/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const batchGetKeys = 100;
const batchWriteItems = 25;
/** Half a minute of batches of which nothing was done. */
const fruitlessBatches = 16;

async function unlessRefused<Answer>(write: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}

function inBatches<Value>(values: readonly Value[], size: number): Value[][] {
  const batches: Value[][] = [];
  for (let start = 0; start < values.length; start += size) {
    batches.push(values.slice(start, start + size));
  }
  return batches;
}

function pageFrom(start: Item | undefined): Partial<QueryCommandInput> {
  return start === undefined ? {} : { ExclusiveStartKey: start };
}

function queryInput(table: string, range: ItemRange): QueryCommandInput {
  const [condition, bounds] = sortKeyCondition(range);
  const names = Object.fromEntries(range.attributes?.map((name, n) => [`#a${n}`, name]) ?? []);
  return {
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: `pk = :pk${condition}`,
    ExpressionAttributeValues: { ":pk": { S: range.pk }, ...bounds },
    ...(range.descending === true ? { ScanIndexForward: false } : {}),
    ...(range.pageItems === undefined ? {} : { Limit: range.pageItems }),
    ...(range.attributes === undefined
      ? {}
      : {
          ProjectionExpression: Object.keys(names).join(", "),
          ExpressionAttributeNames: names,
        }),
  };
}

function sortKeyCondition({
  after = "",
  prefix = "",
  from,
  to,
}: ItemRange): [string, Record<string, AttributeValue>] {
  if (after !== "") return [" AND sk > :after", { ":after": { S: after } }];
  if (prefix !== "") return [" AND begins_with(sk, :prefix)", { ":prefix": { S: prefix } }];
  if (from !== undefined && to !== undefined) {
    return [" AND sk BETWEEN :from AND :to", { ":from": { S: from }, ":to": { S: to } }];
  }
  if (from !== undefined) return [" AND sk >= :from", { ":from": { S: from } }];
  if (to !== undefined) return [" AND sk <= :to", { ":to": { S: to } }];
  return ["", {}];
}
