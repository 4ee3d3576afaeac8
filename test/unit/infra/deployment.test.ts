import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { addDeployment, checkedApp } from "../../../infra/deployment.ts";
import { Settings } from "../../../infra/settings.ts";
import { Config } from "../../../src/config.ts";
import { readEnvironment } from "../../../src/lambda/environment.ts";
import {
  outboxFilter,
  tableDefinition,
  timeToLiveAttribute,
} from "../../../src/store/dynamodb/table-definition.ts";

const folder = mkdtempSync(join(tmpdir(), "keyhawk-infra-"));
afterAll(() => rmSync(folder, { recursive: true }));

const stub = join(folder, "stub");
mkdirSync(stub);
writeFileSync(join(stub, "index.mjs"), "export const handler = () => {};\n");
const configuration = join(folder, "keyhawk.yaml");
writeFileSync(
  configuration,
  `sinks:
  - type: webhook
    name: siem
    url: https://siem.meadowlark.example/hooks/keyhawk
    secret: secretsmanager:arn:aws:secretsmanager:eu-central-1:777788889999:secret:siem-AbCdEf#signing
    headers: { Authorization: "Bearer ssm:/siem/token" }
detection:
  self:
    - principal: arn:aws:iam::777788889999:role/keyhawk-elsewhere
      key: arn:aws:kms:eu-central-1:777788889999:key/11111111-2222-3333-4444-555555555555
`,
);

const home = { account: "777788889999", region: "eu-central-1", configuration };
const keyArn = "arn:aws:kms:eu-central-1:111122223333:key/66666666-7777-8888-9999-000000000000";
const trail = { account: "111122223333", region: "eu-central-1" };
const people = {
  alertEmails: ["on-call@meadowlark.example"],
  operationsEmails: ["platform@meadowlark.example"],
};

/** One deployment of each shape; between them every route that makes something. */
const deployments: Readonly<Record<string, unknown>> = {
  logs: {
    ...home,
    ...people,
    ingest: { route: "logs", sender: { ...trail, logGroup: "trail" } },
  },
  events: {
    ...home,
    ...people,
    shape: "worker",
    ingest: { route: "events", organization: "o-abcdefghij", accounts: [trail.account] },
  },
  objects: {
    ...home,
    eventsPerDay: 1e9,
    ingest: { route: "objects", sender: { ...trail, bucket: "meadowlark-trail", keyArn } },
    serverless: {
      paused: true,
      capacity: { read: { maximum: 400 }, write: { minimum: 100, maximum: 4000 } },
    },
  },
};

interface Resource {
  readonly Type: string;
  readonly DependsOn?: readonly string[];
  readonly Properties?: Properties;
  readonly DeletionPolicy?: string;
}

type Properties = Readonly<Record<string, unknown>>;

interface Found {
  /** `DEPLOYMENT/STACK/LOGICAL-ID`. */
  readonly place: string;
  readonly type: string;
  readonly properties: Properties;
  readonly deletion: string | undefined;
  /** Logical ids that its template says must be there first, by a reference or outright. */
  readonly needs: readonly string[];
}

interface Report {
  readonly pluginReports: readonly {
    readonly pluginName: string;
    readonly violations?: readonly { readonly ruleName: string }[];
  }[];
}

// Synthesised once for all tests: it takes seconds.
const reports = new Map<string, Report>();
const found = Object.entries(deployments).flatMap(([label, input]) => {
  const outdir = join(folder, label);
  const app = checkedApp(outdir);
  addDeployment(app, Settings.parse(input), { handler: () => stub, program: () => stub });
  app.synth();
  reports.set(label, JSON.parse(readFileSync(join(outdir, "validation-report.json"), "utf8")));
  return readdirSync(outdir)
    .filter((file) => file.endsWith(".template.json"))
    .flatMap((file) => resourcesIn(join(outdir, file), `${label}/${file.split(".")[0]}`));
});

function resourcesIn(file: string, stack: string): Found[] {
  const template = JSON.parse(readFileSync(file, "utf8")) as {
    readonly Resources: Readonly<Record<string, Resource>>;
  };
  return Object.entries(template.Resources).map(([id, resource]) => ({
    place: `${stack}/${id}`,
    type: resource.Type,
    properties: resource.Properties ?? {},
    deletion: resource.DeletionPolicy,
    needs: [...(resource.DependsOn ?? []), ...referencesIn(resource.Properties)],
  }));
}

function referencesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, given]: [string, unknown]) => {
    if (name === "Ref") return [String(given)];
    return name === "Fn::GetAtt" ? [String((given as unknown[])[0])] : referencesIn(given);
  });
}

/** Resources of a type; fails where there are none, so that no claim holds for want of anything to hold for. */
function all(type: string): Found[] {
  const those = found.filter((resource) => resource.type === type);
  expect(those.length, `resources of type ${type}`).toBeGreaterThan(0);
  return those;
}

function valueAt(value: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((at, step) => (at as Properties | undefined)?.[step], value);
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Properties;
  readonly Principal?: unknown;
}

interface PlacedStatement extends Statement {
  readonly place: string;
  /** ARN of the role of a policy, as `arnOf` has it. */
  readonly role: string;
  readonly actions: readonly string[];
}

function statements(type: string, path: string): PlacedStatement[] {
  return all(type).flatMap(({ place, properties }) => {
    const { Statement } = valueAt(properties, path) as { readonly Statement: Statement[] };
    return Statement.map((statement) => ({
      ...statement,
      place,
      role: roleOf(properties, place),
      actions: [statement.Action].flat(),
    }));
  });
}

function roleOf({ Roles }: Properties, place: string): string {
  const [role] = (Roles ?? []) as readonly { readonly Ref: string }[];
  return arnOf(role?.Ref ?? "", place);
}

describe("templates", () => {
  it("can be deployed in some order: nothing needs itself", () => {
    const needs = new Map(
      found.map(({ place, needs: ids }) => {
        const stack = place.slice(0, place.lastIndexOf("/") + 1);
        return [place, ids.map((id) => stack + id)];
      }),
    );
    const done = new Set<string>();
    const visit = (place: string, path: readonly string[]): void => {
      expect(path, `${place} needs itself`).not.toContain(place);
      if (done.has(place)) return;
      for (const next of needs.get(place) ?? []) visit(next, [...path, place]);
      done.add(place);
    };
    for (const place of needs.keys()) visit(place, []);
    expect(done.size).toBeGreaterThan(200);
  });
});

describe("AWS's own rules", () => {
  it.each(Object.keys(deployments))("find nothing to say about %s", (label) => {
    const violations = reports
      .get(label)
      ?.pluginReports.flatMap((report) => report.violations ?? []);
    expect(violations).toEqual([]);
  });
});

describe("encryption under a customer-managed key", () => {
  it.each([
    ["AWS::Kinesis::Stream", "StreamEncryption.KeyId"],
    ["AWS::DynamoDB::Table", "SSESpecification.KMSMasterKeyId"],
    ["AWS::SNS::Topic", "KmsMasterKeyId"],
    ["AWS::SQS::Queue", "KmsMasterKeyId"],
    ["AWS::Logs::LogGroup", "KmsKeyId"],
    ["AWS::Lambda::Function", "KmsKeyArn"],
    ["AWS::SecretsManager::Secret", "KmsKeyId"],
    ["AWS::EC2::Volume", "KmsKeyId"],
    ["AWS::Events::EventBus", "KmsKeyIdentifier"],
  ])("%s has one", (type, path) => {
    for (const { place, properties } of all(type)) {
      expect(valueAt(properties, path), place).toEqual({
        "Fn::GetAtt": [expect.any(String), "Arn"],
      });
    }
  });

  it("the bucket has one and uses it once a bucket rather than once an object", () => {
    for (const { place, properties } of all("AWS::S3::Bucket")) {
      const [rule] = valueAt(
        properties,
        "BucketEncryption.ServerSideEncryptionConfiguration",
      ) as unknown[];
      expect(rule, place).toMatchObject({
        BucketKeyEnabled: true,
        ServerSideEncryptionByDefault: {
          SSEAlgorithm: "aws:kms",
          KMSMasterKeyID: expect.anything(),
        },
      });
    }
  });

  it("so has the disk that an instance starts from", () => {
    for (const { place, properties } of all("AWS::EC2::LaunchTemplate")) {
      const disks = valueAt(properties, "LaunchTemplateData.BlockDeviceMappings") as unknown[];
      expect(disks, place).toEqual([
        expect.objectContaining({
          Ebs: expect.objectContaining({ Encrypted: true, KmsKeyId: expect.anything() }),
        }),
      ]);
    }
  });

  it("each key rotates", () => {
    for (const { place, properties } of all("AWS::KMS::Key")) {
      expect(properties["EnableKeyRotation"], place).toBe(true);
    }
  });
});

describe("least privilege", () => {
  const roles = () => statements("AWS::IAM::Policy", "PolicyDocument");

  it("no role has a managed policy, and none may do everything of a service", () => {
    for (const { place, properties } of all("AWS::IAM::Role")) {
      expect(properties["ManagedPolicyArns"], place).toBeUndefined();
    }
    for (const { place, actions } of roles()) {
      expect(
        actions.filter((action) => action.includes("*")),
        place,
      ).toEqual([]);
    }
  });

  it("everything is named, but where AWS knows no resource", () => {
    const free = roles().filter(({ Resource }) => Resource === "*");
    expect(new Set(free.flatMap(({ actions }) => actions))).toEqual(
      new Set([
        "dynamodb:ListStreams",
        "cloudwatch:PutMetricData",
        "ec2:DescribeInstances",
        "ec2:DescribeSnapshots",
        "ec2:DescribeVolumes",
        "ssm:UpdateInstanceInformation",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
      ]),
    );
  });

  it.each([
    ["Spread", ["GetItem", "Query", "UpdateItem"]],
    ["Detect", ["BatchGetItem", "BatchWriteItem", "GetItem", "Query", "UpdateItem"]],
    [
      "Deliver",
      [
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "DescribeStream",
        "GetItem",
        "GetRecords",
        "GetShardIterator",
        "ListStreams",
        "PutItem",
        "Query",
        "UpdateItem",
      ],
    ],
    [
      "Tick",
      ["BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"],
    ],
  ])("%s may do with the table what its code does, and cannot scan or drop it", (role, actions) => {
    const own = roles().filter(({ place }) =>
      place.startsWith(`logs/keyhawk-serverless/${role}Role`),
    );
    const onTable = own
      .flatMap((statement) => statement.actions)
      .filter((action) => action.startsWith("dynamodb:"));
    expect(new Set(onTable)).toEqual(new Set(actions.map((action) => `dynamodb:${action}`)));
  });

  it("a key is used through one service only, and for one encryption context or by grant", () => {
    const uses = roles().filter(({ actions }) =>
      actions.some((action) => action.startsWith("kms:")),
    );
    expect(uses.length).toBeGreaterThan(10);
    for (const { place, Condition, Resource, actions } of uses) {
      const equals = (Condition?.["StringEquals"] ?? {}) as Properties;
      expect(Object.keys(equals), place).toContain("kms:ViaService");
      const isTrail = JSON.stringify(Resource).includes(keyArn);
      const isGrant = actions.includes("kms:CreateGrant");
      const contexts = Object.keys(equals).filter((name) =>
        name.startsWith("kms:EncryptionContext:"),
      );
      if (!isTrail && !isGrant) expect(contexts, place).not.toEqual([]);
    }
  });

  it("no service may use a key for another account", () => {
    for (const { place, Principal, Condition } of statements("AWS::KMS::Key", "KeyPolicy")) {
      if (Principal === undefined || JSON.stringify(Principal).includes(":root")) continue;
      expect(JSON.stringify(Condition), place).toContain("777788889999");
    }
  });

  it("secrets of the configuration are read by name, by those who deliver only", () => {
    const readers = roles().filter(({ Resource }) => JSON.stringify(Resource).includes("siem"));
    expect(new Set(readers.map(({ place }) => place.split("/")[2]?.slice(0, 4)))).toEqual(
      new Set(["Deli", "Tick", "Host"]),
    );
    expect(new Set(readers.flatMap(({ actions }) => actions))).toEqual(
      new Set(["secretsmanager:GetSecretValue", "ssm:GetParameter"]),
    );
  });
});

describe("alarms", () => {
  const alarms = () => all("AWS::CloudWatch::Alarm");

  it("tell the operations topic, and never that of the alerts, when they start and when they end", () => {
    for (const { place, properties } of alarms()) {
      const action = JSON.stringify(properties["AlarmActions"]);
      expect(action, place).toContain("Operations");
      expect(action, place).not.toContain("Alerts");
      expect(properties["OKActions"], place).toEqual(properties["AlarmActions"]);
      expect(JSON.stringify(properties["AlarmDescription"]), place).toContain("Keyhawk: ");
    }
  });

  it.each([
    ["logs/keyhawk-ingest", ["Silence", "StreamFull"]],
    ["events/keyhawk-ingest", ["EventsUndelivered", "Silence", "StreamFull"]],
    [
      "logs/keyhawk-serverless",
      [
        ...["Spread", "Detect", "Deliver"].flatMap((handler) =>
          ["Dropped", "Errors", "GaveUp", "Late", "Throttles"].map((what) => `${handler}${what}`),
        ),
        "TickErrors",
        "TickThrottles",
        "TickStoodStill",
        "AlertsWaiting",
        "AlertsParked",
        "DeliveryFailures",
        "DeadLetters",
        "ErrorLines",
        "SpreadSetAside",
        "DetectSetAside",
        "EntityStreamFull",
        "TableReadThrottles",
        "TableWriteThrottles",
      ],
    ],
    [
      "events/keyhawk-worker",
      ["DeliveryFailures", "ErrorLines", "NoInstance", "ReadingLate", "VolumeFull"],
    ],
  ])("of %s are there", (stack, names) => {
    const those = alarms().filter(({ place }) => place.startsWith(`${stack}/`));
    const found = those.map(({ place }) => /\/Alarms(\w+?)[0-9A-F]{8}$/.exec(place)?.[1]);
    expect(new Set(found)).toEqual(new Set(names));
  });

  it("of silence, of a standing clock and of a missing instance ring also where there is no data at all", () => {
    const those = alarms().filter(({ place }) => /Silence|StoodStill|NoInstance/.test(place));
    expect(those.length).toBe(6);
    for (const { place, properties } of those) {
      expect(properties, place).toMatchObject({
        TreatMissingData: "breaching",
        ComparisonOperator: "LessThanThreshold",
        Threshold: 1,
      });
    }
  });

  it("the operations topic takes alarms of this account only", () => {
    const policies = statements("AWS::SNS::TopicPolicy", "PolicyDocument");
    const open = policies.filter(({ Principal }) =>
      JSON.stringify(Principal).includes("cloudwatch"),
    );
    expect(open.length).toBeGreaterThan(0);
    for (const { place, Condition } of open) {
      expect(valueAt(Condition, "StringEquals.aws:SourceAccount"), place).toBe("777788889999");
    }
  });
});

describe("event source mappings", () => {
  it("halve, try again within bounds, tell the failed part, and keep what fails whole", () => {
    const mappings = all("AWS::Lambda::EventSourceMapping");
    expect(mappings.length).toBe(6);
    for (const { place, properties } of mappings) {
      expect(properties, place).toMatchObject({
        BisectBatchOnFunctionError: true,
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        MaximumRetryAttempts: 1000,
        MaximumRecordAgeInSeconds: 43_200,
        StartingPosition: "TRIM_HORIZON",
        DestinationConfig: {
          OnFailure: {
            Destination: { "Fn::GetAtt": [expect.stringMatching(/^DeadLettersBucket/), "Arn"] },
          },
        },
        MetricsConfig: { Metrics: ["EventCount"] },
      });
    }
  });

  it("call deliver only for entities that have something to tell", () => {
    const filtered = all("AWS::Lambda::EventSourceMapping").filter(
      ({ properties }) => properties["FilterCriteria"] !== undefined,
    );
    expect(filtered.map(({ place }) => place.split("/")[2]?.slice(0, 7))).toEqual([
      "Deliver",
      "Deliver",
    ]);
    for (const { properties } of filtered) {
      expect(properties["FilterCriteria"]).toEqual({
        Filters: [{ Pattern: JSON.stringify(outboxFilter) }],
      });
    }
  });

  it("read nothing at first where a baseline is to be imported, and everything otherwise", () => {
    const spread = all("AWS::Lambda::EventSourceMapping").filter(({ place }) =>
      /Spread/.test(place),
    );
    expect(
      spread.map(({ place, properties }) => [place.split("/")[0], properties["Enabled"]]),
    ).toEqual([
      ["logs", true],
      ["objects", false],
    ]);
  });

  it("give up a record before the stream forgets it", () => {
    for (const { place, properties } of all("AWS::Kinesis::Stream")) {
      expect(Number(properties["RetentionPeriodHours"]) * 3600, place).toBeGreaterThan(43_200);
    }
  });
});

describe("what must last", () => {
  it("the table can be restored to any second, forgets what is over, and tells of changes", () => {
    for (const { place, properties } of all("AWS::DynamoDB::Table")) {
      expect(properties, place).toMatchObject({
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: timeToLiveAttribute, Enabled: true },
        StreamSpecification: {
          StreamViewType: tableDefinition.StreamSpecification.StreamViewType,
        },
        DeletionProtectionEnabled: true,
        ...(place.startsWith("logs/")
          ? { BillingMode: tableDefinition.BillingMode }
          : { ProvisionedThroughput: expect.anything() }),
        KeySchema: tableDefinition.KeySchema,
        GlobalSecondaryIndexes: tableDefinition.GlobalSecondaryIndexes,
      });
    }
  });

  it.each([
    ["AWS::KMS::Key", "Retain"],
    ["AWS::DynamoDB::Table", "Retain"],
    ["AWS::S3::Bucket", "Retain"],
    ["AWS::SecretsManager::Secret", "Retain"],
    ["AWS::EC2::Volume", "Retain"],
    ["AWS::Kinesis::Stream", "Delete"],
    ["AWS::Logs::LogGroup", "Delete"],
  ])("%s: %s when the stack goes", (type, policy) => {
    for (const { place, deletion } of all(type)) expect(deletion, place).toBe(policy);
  });

  it("the worker's volume is kept as it was on each of the last days", () => {
    const [policy] = all("AWS::DLM::LifecyclePolicy");
    expect(policy?.properties).toMatchObject({
      State: "ENABLED",
      PolicyDetails: {
        ResourceTypes: ["VOLUME"],
        Schedules: [{ CreateRule: { Interval: 24 }, RetainRule: { Count: 7 } }],
      },
    });
    const [target] = valueAt(policy?.properties, "PolicyDetails.TargetTags") as unknown[];
    for (const { place, properties } of all("AWS::EC2::Volume")) {
      expect(properties["Tags"], place).toContainEqual(target);
    }
  });

  it("capacity follows the load of table and indexes where it is asked for", () => {
    const targets = all("AWS::ApplicationAutoScaling::ScalableTarget");
    expect(targets.every(({ place }) => place.startsWith("objects/"))).toBe(true);
    const writes = targets.filter(({ properties }) =>
      JSON.stringify(properties).includes(":WriteCapacityUnits"),
    );
    expect(
      writes.map(({ properties }) => [properties["MinCapacity"], properties["MaxCapacity"]]),
    ).toEqual([[100, 4000], ...tableDefinition.GlobalSecondaryIndexes.map(() => [5, 4000])]);
  });

  it("shards and window follow the events a day", () => {
    const of = (type: string) => all(type).filter(({ place }) => place.startsWith("objects/"));
    const shards = of("AWS::Kinesis::Stream").map(({ properties }) => properties["ShardCount"]);
    expect(shards).toEqual([6, 5]);
    const detect = of("AWS::Lambda::EventSourceMapping").find(({ place }) =>
      place.includes("/Detect"),
    );
    expect(detect?.properties).toMatchObject({
      MaximumBatchingWindowInSeconds: 120,
      ParallelizationFactor: 10,
    });
  });

  it("nothing that stays has a name of its own, so that a stack can be made again beside it", () => {
    const names = ["TableName", "BucketName", "Name"];
    for (const { place, properties, deletion } of found) {
      if (deletion !== "Retain") continue;
      for (const name of names) expect(properties[name], `${place} ${name}`).toBeUndefined();
    }
  });

  it("log lines are kept for 90 days", () => {
    for (const { place, properties } of all("AWS::Logs::LogGroup")) {
      expect(properties["RetentionInDays"], place).toBe(90);
    }
  });
});

describe("the configuration that the programs read", () => {
  it.each([
    ["logs/keyhawk-serverless", "keyhawk-topic"],
    ["objects/keyhawk-serverless", "keyhawk-topic"],
    ["events/keyhawk-worker", "keyhawk-topic"],
  ])(
    "of %s is valid once its ARNs are known, in parts that a parameter can hold",
    (stack, sink) => {
      const { text, parts } = configurationOf(stack);
      const parsed = Config.safeParse(JSON.parse(text));
      expect(parsed.error).toBeUndefined();
      expect(parsed.data?.sinks.map(({ name }) => name)).toEqual(["siem", sink]);
      expect(Math.max(...parts.map((part) => Buffer.byteLength(part)))).toBeLessThanOrEqual(4096);
    },
  );

  it("is what each function reads out of its environment, and spread alone has a key of hashes", async () => {
    const functions = all("AWS::Lambda::Function");
    expect(functions.length).toBe(8);
    const keyed: string[] = [];
    for (const { place, properties } of functions) {
      const variables = valueAt(properties, "Environment.Variables") as Properties;
      const environment = Object.fromEntries(
        Object.entries(variables).map(([name, value]) => [name, resolved(value, place)]),
      );
      const stack = place.split("/").slice(0, 2).join("/");
      const { config, buckets } = await readEnvironment(environment, {
        parameters: async (names) => parametersOf(stack, names),
      });
      expect(
        config.sinks.map(({ name }) => name),
        place,
      ).toEqual(["siem", "keyhawk-topic"]);
      expect(buckets).toBe(256);
      if ("KEYHAWK_HASH_KEY_SECRET" in environment) keyed.push(String(properties["FunctionName"]));
    }
    expect(keyed).toEqual(["keyhawk-spread", "keyhawk-spread"]);
  });

  it("of a worker names the stream and the folder on the volume", () => {
    const { text } = configurationOf("events/keyhawk-worker");
    expect(JSON.parse(text)).toMatchObject({
      source: { kinesis: { stream: expect.stringContaining("arn:aws:kinesis:") } },
      state: "/var/lib/keyhawk/state",
    });
  });

  it.each(["logs/keyhawk-serverless", "events/keyhawk-worker"])(
    "of %s leaves out what our roles may do with our keys, and nothing else",
    (stack) => {
      const parsed = Config.parse(JSON.parse(configurationOf(stack).text));
      const [declared, ...own] = parsed.detection.self;
      expect(declared?.principal).toContain("keyhawk-elsewhere");
      const told = own.map(({ principal, key, context }) =>
        [
          principal,
          key,
          ...(context?.keys ?? []).filter((name) => name !== "SecretVersionId"),
        ].join(" "),
      );
      const allowed = statements("AWS::IAM::Policy", "PolicyDocument")
        .filter(({ place }) => place.startsWith(`${stack.split("/")[0]}/`))
        .flatMap(({ role, place, Resource, Condition }) => {
          const names = Object.keys((Condition?.["StringEquals"] ?? {}) as Properties)
            .filter((name) => name.startsWith("kms:EncryptionContext:"))
            .map((name) => name.replace("kms:EncryptionContext:", ""));
          return names.length === 0
            ? []
            : [[role, resolved(Resource, place), ...names.sort()].join(" ")];
        });
      expect(new Set(told)).toEqual(new Set(allowed));
      expect(told.length).toBe(new Set(told).size);
    },
  );
});

/** Parameters of a stack by their names. */
function parametersOf(stack: string, names: readonly string[]): string[] {
  return names.map((name) => {
    const [parameter] = all("AWS::SSM::Parameter").filter(
      ({ place, properties }) => place.startsWith(`${stack}/`) && properties["Name"] === name,
    );
    return resolved(parameter?.properties["Value"] ?? "", parameter?.place ?? "");
  });
}

/** The parameters of a stack put together, with an ARN for whatever is known at deployment only. */
function configurationOf(stack: string): {
  readonly text: string;
  readonly parts: readonly string[];
} {
  const parts = all("AWS::SSM::Parameter")
    .filter(({ place }) => place.startsWith(`${stack}/`))
    .sort((one, other) =>
      String(one.properties["Name"]) < String(other.properties["Name"]) ? -1 : 1,
    )
    .map(({ place, properties }) => resolved(properties["Value"], place));
  return { text: parts.join(""), parts };
}

/** A value of a template as it might be at deployment. */
function resolved(value: unknown, place: string): string {
  if (typeof value === "string") return value;
  const [[name, given] = ["", ""]] = Object.entries(value as Properties);
  if (name === "Fn::Join") {
    const [, pieces] = given as [string, unknown[]];
    return pieces.map((piece) => resolved(piece, place)).join("");
  }
  if (name === "Ref") return arnOf(String(given), place);
  if (name === "Fn::GetAtt") return arnOf(String((given as unknown[])[0]), place);
  const [, stack = "", id = ""] =
    /^([\w-]+):ExportsOutputFnGetAtt(\w+?)Arn[0-9A-F]{8}$/.exec(String(given)) ?? [];
  return arnOf(id, `${place.split("/")[0]}/${stack}/`);
}

function arnOf(id: string, place: string): string {
  const [, stack = ""] = place.split("/");
  const here = "eu-central-1:777788889999";
  const digit = stack.endsWith("-ingest") ? "2" : "1";
  if (/^Key[0-9A-F]{8}$/.test(id)) {
    return `arn:aws:kms:${here}:key/${digit.repeat(8)}-1234-1234-1234-123456789012`;
  }
  if (id.includes("Stream")) return `arn:aws:kinesis:${here}:stream/${stack}-${id}`;
  if (id.includes("Topic")) return `arn:aws:sns:${here}:${stack}-${id}`;
  // A role's name ends in letters that CloudFormation adds.
  return `arn:aws:iam::777788889999:role/${stack}-${id}-AbCdEfGhIjKl`;
}
