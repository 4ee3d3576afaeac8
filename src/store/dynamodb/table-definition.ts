import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";

/**
 * Sparse indexes of entities: those with alerts that must be closed as time passes, and those with something to tell. Only items
 * with both keys of an index are in it.
 */
export const closingIndex = { name: "by-closing-hour", hash: "closing", range: "closesAtHour" };
export const waitingIndex = { name: "by-waiting-time", hash: "waiting", range: "waitingSinceMs" };
/** The hash of every item in the one index, and in the other. */
export const closingValue = "alerts";
export const waitingValue = "outbox";

/** Which change of the table `deliver` is called for: the filter of its event source mapping. */
export const outboxFilter = {
  dynamodb: { NewImage: { [waitingIndex.hash]: { S: [waitingValue] } } },
};

/**
 * What makes a DynamoDB table one of Keyhawk's: the input of CreateTable but for the name. Both the tests and the deployed
 * infrastructure create tables from it.
 */
export const tableDefinition = {
  KeySchema: [
    { AttributeName: "pk", KeyType: "HASH" },
    { AttributeName: "sk", KeyType: "RANGE" },
  ],
  AttributeDefinitions: [
    { AttributeName: "pk", AttributeType: "S" },
    { AttributeName: "sk", AttributeType: "S" },
    { AttributeName: closingIndex.hash, AttributeType: "S" },
    { AttributeName: closingIndex.range, AttributeType: "N" },
    { AttributeName: waitingIndex.hash, AttributeType: "S" },
    { AttributeName: waitingIndex.range, AttributeType: "N" },
  ],
  GlobalSecondaryIndexes: [closingIndex, waitingIndex].map(indexDefinition),
  BillingMode: "PAY_PER_REQUEST",
  StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
} satisfies Omit<CreateTableCommandInput, "TableName">;

/** The attribute of the table's TTL, seconds since the epoch. CreateTable cannot set it: it is switched on afterwards. */
export const timeToLiveAttribute = "expires";

function indexDefinition({ name, hash, range }: typeof closingIndex) {
  return {
    IndexName: name,
    KeySchema: [
      { AttributeName: hash, KeyType: "HASH" as const },
      { AttributeName: range, KeyType: "RANGE" as const },
    ],
    // A name too long for a sort key is beside it.
    Projection: { ProjectionType: "INCLUDE" as const, NonKeyAttributes: ["name"] },
  };
}
