import { describe, expect, it } from "vitest";
import { splitBatch } from "../../support/partial-batch.ts";

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
const json = (body: Buffer | undefined) => JSON.parse(String(body)) as unknown;

describe("A batch that is done in part", () => {
  it("lets every other record into the stream and tells the others that it is throttled", () => {
    const records = ["a", "b", "c"].map((Data) => ({ Data, PartitionKey: "1" }));
    const split = splitBatch("PutRecords", bytes({ StreamName: "s", Records: records }));
    expect(json(split?.body)).toEqual({ StreamName: "s", Records: [records[0], records[2]] });
    const done = [{ SequenceNumber: "1" }, { SequenceNumber: "2" }];
    const answer = split?.complete(bytes({ FailedRecordCount: 0, Records: done }));
    expect(json(answer)).toEqual({
      FailedRecordCount: 1,
      Records: [
        done[0],
        expect.objectContaining({ ErrorCode: "ProvisionedThroughputExceededException" }),
        done[1],
      ],
    });
  });

  it("writes every other item and gives the others back", () => {
    const split = splitBatch("BatchWriteItem", bytes({ RequestItems: { t: ["a", "b", "c"] } }));
    expect(json(split?.body)).toEqual({ RequestItems: { t: ["a", "c"] } });
    const answer = split?.complete(bytes({ UnprocessedItems: {} }));
    expect(json(answer)).toEqual({ UnprocessedItems: { t: ["b"] } });
  });

  it("reads every other key and gives the others back, with how they are to be read", () => {
    const split = splitBatch(
      "BatchGetItem",
      bytes({ RequestItems: { t: { Keys: ["a", "b"], ConsistentRead: true } } }),
    );
    expect(json(split?.body)).toEqual({
      RequestItems: { t: { Keys: ["a"], ConsistentRead: true } },
    });
    const answer = split?.complete(bytes({ Responses: { t: ["A"] }, UnprocessedKeys: {} }));
    expect(json(answer)).toEqual({
      Responses: { t: ["A"] },
      UnprocessedKeys: { t: { Keys: ["b"], ConsistentRead: true } },
    });
  });

  it("leaves a batch of one and other requests whole", () => {
    expect(splitBatch("PutRecords", bytes({ Records: ["a"] }))).toBeUndefined();
    expect(splitBatch("GetItem", bytes({ Key: {} }))).toBeUndefined();
  });
});
