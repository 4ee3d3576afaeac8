import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";

/** The sparse index of entities whose alerts must be closed as time passes: only items with both of its keys are in it. */
export const closingIndex = "by-closing-hour";

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
    { AttributeName: "closing", AttributeType: "S" },
    { AttributeName: "closesAtHour", AttributeType: "N" },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: closingIndex,
      KeySchema: [
        { AttributeName: "closing", KeyType: "HASH" },
        { AttributeName: "closesAtHour", KeyType: "RANGE" },
      ],
      Projection: { ProjectionType: "KEYS_ONLY" },
    },
  ],
  BillingMode: "PAY_PER_REQUEST",
  StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
} satisfies Omit<CreateTableCommandInput, "TableName">;

/** The attribute of the table's TTL, seconds since the epoch. CreateTable cannot set it: it is switched on afterwards. */
export const timeToLiveAttribute = "expires";
