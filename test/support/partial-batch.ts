/** A batch of which only a part reaches the server behind. */
export interface PartialBatch {
  /** The request with every other entry. */
  readonly body: Buffer;
  /** The server's answer to it, with what the left-out entries are told. */
  complete(answer: Buffer): Buffer;
}

type Json = Record<string, unknown>;

/** Splits a batch request of Kinesis or DynamoDB; undefined for other requests and for batches of one. */
export function splitBatch(operation: string, body: Buffer): PartialBatch | undefined {
  if (operation === "PutRecords") return splitPutRecords(jsonIn(body));
  if (operation === "BatchWriteItem") {
    return splitItems(
      jsonIn(body),
      "UnprocessedItems",
      (own) => own as unknown[],
      (_, kept) => kept,
    );
  }
  if (operation === "BatchGetItem") {
    const keys = (own: unknown) => (own as { Keys: unknown[] }).Keys;
    return splitItems(jsonIn(body), "UnprocessedKeys", keys, (own, Keys) => ({
      ...(own as Json),
      Keys,
    }));
  }
  return undefined;
}

function splitPutRecords(request: Json): PartialBatch | undefined {
  const records = request["Records"] as unknown[];
  if (records.length < 2) return undefined;
  return {
    body: bytesOf({ ...request, Records: records.filter((_, index) => index % 2 === 0) }),
    complete(answer) {
      const own = jsonIn(answer);
      const done = own["Records"] as unknown[] | undefined;
      if (done === undefined) return answer;
      const refused = {
        ErrorCode: "ProvisionedThroughputExceededException",
        ErrorMessage: "Rate exceeded for shard",
      };
      const FailedRecordCount = Number(own["FailedRecordCount"]) + Math.floor(records.length / 2);
      const Records = records.map((_, index) => (index % 2 === 0 ? done[index / 2] : refused));
      return bytesOf({ ...own, FailedRecordCount, Records });
    },
  };
}

/** Splits what is asked of each table. */
function splitItems(
  request: Json,
  leftOver: string,
  entriesOf: (own: unknown) => unknown[],
  withEntries: (own: unknown, entries: unknown[]) => unknown,
): PartialBatch | undefined {
  const tables = Object.entries(request["RequestItems"] as Json);
  if (tables.some(([, own]) => entriesOf(own).length < 2)) return undefined;
  const part = (rest: number) =>
    Object.fromEntries(
      tables.map(([table, own]) => [
        table,
        withEntries(
          own,
          entriesOf(own).filter((_, index) => index % 2 === rest),
        ),
      ]),
    );
  return {
    body: bytesOf({ ...request, RequestItems: part(0) }),
    complete: (answer) => bytesOf({ ...jsonIn(answer), [leftOver]: part(1) }),
  };
}

function jsonIn(body: Buffer): Json {
  return JSON.parse(body.toString("utf8")) as Json;
}

function bytesOf(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
