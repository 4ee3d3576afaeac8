import { RemovalPolicy } from "aws-cdk-lib";
import {
  type Attribute,
  AttributeType,
  BillingMode,
  type EnableScalingProps,
  ProjectionType,
  StreamViewType,
  Table,
  TableEncryption,
} from "aws-cdk-lib/aws-dynamodb";
import { PolicyStatement, type Role } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { quietIndexUnits } from "../cost/dollars.ts";
import { tableDefinition, timeToLiveAttribute } from "../../src/store/dynamodb/table-definition.ts";
import type { Capacity, TableCapacity } from "../settings.ts";
import { acknowledge } from "./acknowledge.ts";
import type { OwnKey } from "./own-key.ts";

export interface MemoryTableProps {
  readonly key: OwnKey;
  /** Undefined: paid for by request. */
  readonly capacity: TableCapacity | undefined;
}

/** The table of memories, alerts and outbox; it outlives the stack. */
export class MemoryTable extends Construct {
  readonly table: Table;
  readonly #key: OwnKey;

  constructor(scope: Construct, id: string, { key, capacity }: MemoryTableProps) {
    super(scope, id);
    this.#key = key;
    this.table = new Table(this, "Table", {
      partitionKey: keyOf(tableDefinition.KeySchema, "HASH"),
      sortKey: keyOf(tableDefinition.KeySchema, "RANGE"),
      billingMode: capacity === undefined ? BillingMode.PAY_PER_REQUEST : BillingMode.PROVISIONED,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: key.key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute,
      stream: StreamViewType[tableDefinition.StreamSpecification.StreamViewType],
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    if (capacity !== undefined) this.#follow(capacity);
    for (const { IndexName, KeySchema, Projection } of tableDefinition.GlobalSecondaryIndexes) {
      this.table.addGlobalSecondaryIndex({
        indexName: IndexName,
        partitionKey: keyOf(KeySchema, "HASH"),
        sortKey: keyOf(KeySchema, "RANGE"),
        projectionType: ProjectionType[Projection.ProjectionType],
        nonKeyAttributes: Projection.NonKeyAttributes,
      });
      if (capacity !== undefined) this.#followIndex(IndexName, capacity);
    }
  }

  #follow({ read, write }: TableCapacity): void {
    this.table.autoScaleReadCapacity(boundsOf(read)).scaleOnUtilization(utilization);
    this.table.autoScaleWriteCapacity(boundsOf(write)).scaleOnUtilization(utilization);
  }

  /** An index that cannot keep up would hold writes of the table back. */
  #followIndex(name: string | undefined, { read, write }: TableCapacity): void {
    if (name === undefined) return;
    const { table } = this;
    table
      .autoScaleGlobalSecondaryIndexReadCapacity(name, boundsOf(quiet(read)))
      .scaleOnUtilization(utilization);
    table
      .autoScaleGlobalSecondaryIndexWriteCapacity(name, boundsOf(quiet(write)))
      .scaleOnUtilization(utilization);
  }

  get streamArn(): string {
    const { tableStreamArn } = this.table;
    if (tableStreamArn === undefined) throw new Error("table: expected a stream, found none");
    return tableStreamArn;
  }

  /** Calls on items, each named; none of them scans, and none touches the table itself. */
  allowItems(role: Role, actions: readonly ItemAction[]): void {
    role.addToPolicy(
      new PolicyStatement({
        actions: actions.map((action) => `dynamodb:${action}`),
        resources: [this.table.tableArn],
      }),
    );
    this.#allowKey(role);
  }

  /** Asking the sparse indexes: which entities time must pass for. */
  allowIndexes(role: Role): void {
    role.addToPolicy(
      new PolicyStatement({
        actions: ["dynamodb:Query"],
        resources: tableDefinition.GlobalSecondaryIndexes.map(
          ({ IndexName }) => `${this.table.tableArn}/index/${IndexName}`,
        ),
      }),
    );
  }

  /** Reading the table's stream, for an event source mapping. */
  allowStream(role: Role): void {
    role.addToPolicy(
      new PolicyStatement({
        actions: ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
        resources: [this.streamArn],
      }),
    );
    role.addToPolicy(new PolicyStatement({ actions: ["dynamodb:ListStreams"], resources: ["*"] }));
    acknowledge(
      role,
      "AwsSolutions-IAM5[Resource::*]",
      "dynamodb:ListStreams, which a mapping asks for, knows no resource (Service Authorization Reference).",
    );
  }

  /** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html and its key policy example. */
  #allowKey(role: Role): void {
    this.#key.use.allow({
      role,
      service: "dynamodb",
      actions: [
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
      ],
      context: {
        "aws:dynamodb:tableName": this.table.tableName,
        "aws:dynamodb:subscriberId": this.table.stack.account,
      },
    });
  }
}

const utilization = { targetUtilizationPercent: 70 };

/** Only entities with alerts are in an index. */
function quiet({ minimum, maximum }: Capacity): Capacity {
  return { minimum: Math.min(minimum, quietIndexUnits), maximum };
}

function boundsOf({ minimum, maximum }: Capacity): EnableScalingProps {
  return { minCapacity: minimum, maxCapacity: maximum };
}

type KeySchema = (typeof tableDefinition)["KeySchema"];

function keyOf(schema: KeySchema, keyType: "HASH" | "RANGE"): Attribute {
  const name = schema.find(({ KeyType }) => KeyType === keyType)?.AttributeName;
  const definition = tableDefinition.AttributeDefinitions.find(
    ({ AttributeName }) => AttributeName === name,
  );
  if (name === undefined || definition === undefined) throw new Error(`table: no ${keyType} key`);
  return {
    name,
    type: definition.AttributeType === "N" ? AttributeType.NUMBER : AttributeType.STRING,
  };
}

/** What handlers do with items. */
export type ItemAction =
  | "GetItem"
  | "BatchGetItem"
  | "Query"
  | "PutItem"
  | "UpdateItem"
  | "DeleteItem"
  | "BatchWriteItem";
