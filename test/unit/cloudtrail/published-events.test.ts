import { describe, expect, it } from "vitest";
import { isFault, parseRecord } from "../../../src/cloudtrail/record.ts";
import { HAS_PUBLISHED, published, READ_OPTIONS } from "../../support/parsing.ts";

/** What a person says an event means, as far as it is not the usual: an assumed role, called directly, from an address. */
interface Meaning {
  readonly principal: string;
  readonly type?: string;
  readonly session?: string;
  readonly via?: string;
  readonly human?: boolean;
  readonly family?: string;
  /** Key ARNs without `arn:aws:kms:`, followed by the alias that the caller used. */
  readonly keys: readonly string[];
  readonly call: string;
  readonly context?: string;
  readonly source?: string;
  readonly error?: string;
}

type Reviewed = Meaning | { readonly rejected: string };

const SERVICE = { type: "AWSService", source: "service" };
const TRAIL_FILE = { context: "aws:cloudtrail:arn,aws:s3:arn", source: "service" };
const FUNCTION = { call: "Decrypt decrypt", context: "aws:lambda:FunctionArn" };

/** One production account of opensearch-catalog. */
const A = "arn:aws:iam::347283850106:role/";
const A_KEY = "eu-west-1:347283850106:key/";
const MY_TRAIL = `${A_KEY}3a833466-7f7f-4e6d-bb49-63b35c2eab07`;
const TEST_TRAIL = `${A_KEY}fcf34ed2-684c-4d2d-9dae-d173e6794772`;
const LAMBDA_KEY = `${A_KEY}3eb30e09-8150-4ad0-8be5-a19474bf1300`;
const KINESIS_KEY = `${A_KEY}10a963d1-db97-4382-b1ac-43dc8bd25e1d`;

const trailWrites = (key: string): Reviewed => ({
  principal: "cloudtrail.amazonaws.com",
  ...SERVICE,
  ...TRAIL_FILE,
  keys: [key],
  call: "GenerateDataKey dataKey",
});
const logProcessor = {
  principal: `${A}CloudTrailLog-CloudTrailLogPipelineLogProcessorRol-LMN03K1C37JK`,
  session: "CloudTrailLog-CloudTrailLogPipelineLogProcessorFnE-Pkgt7cmJfhQj",
  family: "CloudTrailLog-CloudTrailLogPipelineLogProcessorRol",
};
const reads = (key: string): Pick<Meaning, "call" | "context" | "source" | "via" | "keys"> => ({
  ...TRAIL_FILE,
  via: "AWS Internal",
  keys: [key],
  call: "Decrypt decrypt",
});
const toKinesis: Reviewed = {
  principal: `${A}LogHub-Pipe-3a2ac-CWtoOpenSearchStackCWDestination-1WCPOGLE1YLYQ`,
  session: "c95c6bcfe9033cfff4d3d0c295caf16e",
  family: "LogHub-Pipe-3a2ac-CWtoOpenSearchStackCWDestination",
  via: "logs.amazonaws.com",
  keys: [`${KINESIS_KEY} alias/aws/kinesis`],
  call: "GenerateDataKey dataKey",
  context: "aws:kinesis:arn",
  source: "service",
};
const elbProcessor: Reviewed = {
  principal: `${A}ELBLog-S3LogPipelineLogProcessorRole936908BA-S40GB8UQ7G29`,
  session: "ELBLog-S3LogPipelineLogProcessorFn5D71CFC7-f1LIWSB7QAoA",
  family: "ELBLog-S3LogPipelineLogProcessorRole",
  keys: [LAMBDA_KEY],
  ...FUNCTION,
};
const fromKinesis: Reviewed = {
  principal: `${A}LogHub-Pipe-3a2ac-CWtoOpenSearchStackSenderLambdaR-UYQTSAAR6D2K`,
  session: "awslambda_282_20211202220456968",
  family: "LogHub-Pipe-3a2ac-CWtoOpenSearchStackSenderLambdaR",
  via: "AWS Internal",
  keys: [KINESIS_KEY],
  call: "Decrypt decrypt",
  context: "aws:kinesis:arn",
  source: "service",
};
const CORALOGIX_KEY = "eu-central-1:597078901540:key/a339d1af-e88e-4801-8d64-5c7861a4405f";
const shipper: Reviewed = {
  principal:
    "arn:aws:iam::597078901540:role/serverlessrepo-Coralogix-CloudT-LambdaFunctionRole-UI8F8282GQFN",
  session: "serverlessrepo-Coralogix-CloudTrail-LambdaFunction-Z5oxZEDWKmQM",
  family: "serverlessrepo-Coralogix-CloudT-LambdaFunctionRole",
  ...reads(CORALOGIX_KEY),
};
/** Anonymised: the session's account is another than that of the role that issued it. */
const forwarder: Reviewed = {
  principal: "arn:aws:iam::650992545562:role/aws-controltower-ForwardSnsNotificationRole",
  session: "aws-controltower-NotificationForwarder",
  keys: ["us-west-2:123456789122:key/4adfbef9-cf17-4865-a710-2bb46e6efc92"],
  ...FUNCTION,
};
const tester = {
  principal: "arn:aws:iam::123456789012:role/tester",
  session: "tester",
  keys: ["us-west-2:123456789012:key/1"],
};
const administrates = (name: string): Meaning => ({
  ...tester,
  human: true,
  call: `${name} admin`,
});
const disablesMissingKey: Reviewed = { ...administrates("DisableKey"), error: "notFound" };
const scheduler: Reviewed = { ...tester, session: "panther-snapshot-scheduler", ...FUNCTION };
const unknown = {
  principal: "...:12345:12345",
  type: "...",
  human: true,
  keys: ["us-east-1:123456789123:key/0000000-0000-0000-0000-0000000000000"],
  source: "unknown",
};
const pantherTrail = trailWrites("us-west-2:888888888888:key/72c37aae-1000-4058-93d4-86374c0fe9a0");
const pantherProcessor: Reviewed = {
  principal:
    "arn:aws:iam::888888888888:role/panther-app-LogProcessor-XXXXXXXXXXXX-FunctionRole-XXXXXXXXXX",
  session: "panther-log-processor",
  keys: ["us-east-1:888888888888:key/90be6df2-db60-4237-ad9b-a49260XXXXX"],
  ...FUNCTION,
};
const unusedRegion: Reviewed = {
  principal: "arn:aws:iam::123456789012:role/example-role",
  session: "example-user",
  keys: ["us-west-2:123456789012:key/1111"],
  call: "Decrypt decrypt",
  context: "aws:s3:arn",
  source: "service",
};
const alice = {
  principal: "arn:aws:iam::111122223333:user/Alice",
  type: "IAMUser",
  human: true,
  keys: ["ap-southeast-2:111122223333:key/mrk-KEEP0002"],
};
const myRole = {
  principal: "arn:aws:iam::123456789012:role/MyRole",
  session: "role-session",
  keys: ["us-east-1:999999999999:key/mrk-EXAMPLE"],
};
const appRole = {
  principal: "arn:aws:iam::111122223333:role/AppRole",
  session: "app-session",
  keys: ["us-east-1:999988887777:key/mrk-EXAMPLE1234"],
};
const okta = {
  principal: "arn:aws:iam::111111111111:role/okta_adm_role",
  session: "tester@example.comal",
  human: true,
  keys: ["us-west-2:111111111111:key/f2a82583-a7d3-4c92-8787-fe2baab1cee1"],
};
const readOnly = (account: string, call: string, error: string): Reviewed => ({
  principal: `arn:aws:iam::${account}:role/aws-reserved/sso.amazonaws.com/us-east-2/AWSReservedSSO_ReadOnlyAccess_ff7f8c5c5851db50`,
  session: "AdanAlvarez",
  family: "AWSReservedSSO_ReadOnlyAccess",
  human: true,
  keys: [],
  call,
  error,
});

/** Line number in kms-events.ndjson, counted from 0; a pair stands for all from the first to the second. */
const REVIEWED: readonly (readonly [number | readonly [number, number], Reviewed])[] = [
  [0, trailWrites(MY_TRAIL)],
  [1, trailWrites(TEST_TRAIL)],
  [
    2,
    {
      principal: `${A}LogHub-Pipe-bfe64-S3toOpenSearchStackSenderLambdaR-UNR6O2WK9FTV`,
      session: "LogHub-Pipe-bfe64-S3toOpenSearchStacklogSenderFnEB-tm2bztjl5WTH",
      family: "LogHub-Pipe-bfe64-S3toOpenSearchStackSenderLambdaR",
      ...reads(TEST_TRAIL),
    },
  ],
  [3, { ...logProcessor, ...reads(MY_TRAIL) }],
  [4, toKinesis],
  [5, { ...logProcessor, ...reads(MY_TRAIL) }],
  [6, trailWrites(MY_TRAIL)],
  [7, { ...logProcessor, ...reads(MY_TRAIL) }],
  [8, trailWrites(MY_TRAIL)],
  [9, { ...logProcessor, keys: [LAMBDA_KEY], ...FUNCTION }],
  [[10, 11], elbProcessor],
  [[12, 13], toKinesis],
  [[14, 15], fromKinesis],
  [[16, 24], toKinesis],
  [[25, 28], trailWrites(CORALOGIX_KEY)],
  [[29, 34], shipper],
  [[35, 36], trailWrites(CORALOGIX_KEY)],
  [37, shipper],
  [[38, 41], forwarder],
  [
    42,
    {
      principal: "arn:aws:iam::012345678912:role/SomeLambdaFunctionRole-eu-west-1-main",
      session: "SomeIntegration-role",
      keys: ["eu-west-1:012345678912:key/3ff5b299-d8dd-43ad-8bce-e8f23a8a6f69"],
      ...FUNCTION,
    },
  ],
  [43, scheduler],
  [44, administrates("DisableKey")],
  [45, administrates("ScheduleKeyDeletion")],
  [46, { ...tester, ...FUNCTION }],
  [
    47,
    {
      principal: "AssumedRole::TestRole",
      keys: [],
      call: "PutKeyPolicy admin",
      source: "unknown",
    },
  ],
  [
    48,
    {
      principal:
        "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_ExampleRole_xxxxxxxxxxxxxxxx",
      session: "example.user",
      human: true,
      keys: ["us-west-2:123456789012:key/xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"],
      call: "PutKeyPolicy admin",
    },
  ],
  [49, administrates("ScheduleKeyDeletion")],
  [50, disablesMissingKey],
  [51, scheduler],
  [[52, 53], pantherTrail],
  [[54, 55], pantherProcessor],
  [[56, 57], unusedRegion],
  [58, { rejected: "event-id" }],
  [59, administrates("DisableKey")],
  [60, administrates("ScheduleKeyDeletion")],
  [61, { ...tester, ...FUNCTION }],
  [62, administrates("ScheduleKeyDeletion")],
  [63, disablesMissingKey],
  [64, { ...unknown, call: "PutKeyPolicy admin" }],
  [65, { ...unknown, call: "CreateKey admin" }],
  [
    66,
    {
      principal: "arn:aws:iam::0123456789012:user/testuser",
      type: "IAMUser",
      via: "internal.amazonaws.com",
      keys: ["us-east-1:0123456789012:key/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"],
      call: "Decrypt decrypt",
      context: "aws:s3:arn",
      source: "service",
    },
  ],
  [
    67,
    {
      principal: "arn:aws:iam::123456789012:role/eks-node-group",
      session: "i-0abc123def4567890",
      keys: ["eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
      call: "Decrypt decrypt",
      context: "aws:eks:cluster-name,aws:secretsmanager:secret,kubernetes.io/namespace",
      source: "service",
    },
  ],
  [
    68,
    {
      principal: "s3.amazonaws.com",
      ...SERVICE,
      keys: ["ap-southeast-2:111122223333:key/mrk-DISCARD0001"],
      call: "GenerateDataKey dataKey",
    },
  ],
  [69, { ...alice, call: "CreateKey admin" }],
  [70, { ...myRole, call: "Encrypt encrypt" }],
  [71, { ...myRole, call: "PutKeyPolicy admin" }],
  [72, { ...appRole, call: "Decrypt decrypt" }],
  [73, { ...appRole, call: "CreateKey admin" }],
  [74, { ...alice, call: "Decrypt decrypt", context: "Purpose" }],
  [75, { ...okta, call: "CreateKey admin" }],
  [76, { ...okta, call: "PutKeyPolicy admin" }],
  [77, readOnly("345594607949", "DescribeKey read", "notFound")],
  [78, readOnly("345594607949", "CreateKey admin", "denied")],
  [79, readOnly("111111111111", "CreateKey admin", "denied")],
  [80, readOnly("111111111111", "DescribeKey read", "notFound")],
  [
    81,
    {
      principal: "arn:aws:iam::111111111111:user/mallory",
      type: "IAMUser",
      keys: [],
      call: "ListKeys read",
      error: "denied",
    },
  ],
  [
    82,
    {
      principal: "arn:aws:iam::111111111111:user/alice",
      type: "IAMUser",
      keys: ["us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
      call: "ScheduleKeyDeletion admin",
    },
  ],
  [
    83,
    {
      principal: "AWS Internal",
      ...SERVICE,
      keys: ["us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
      call: "RotateKey admin",
    },
  ],
];

describe.skipIf(!HAS_PUBLISHED)("published KMS events (skipped without ../shared)", () => {
  const events: readonly unknown[] = HAS_PUBLISHED
    ? published("kms-events.ndjson")
        .toString()
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).event)
    : [];
  const reviewed = REVIEWED.flatMap(([lines, meaning]) => {
    const [first, last] = typeof lines === "number" ? [lines, lines] : lines;
    return Array.from({ length: last - first + 1 }, (_, at) => ({ line: first + at, meaning }));
  });

  it("are reviewed one and all", () => {
    expect(reviewed.map(({ line }) => line)).toEqual(events.map((_, line) => line));
  });

  it.each(reviewed)("line $line", ({ line, meaning }) => {
    expect(meaningOf(events[line])).toEqual(meaning);
  });

  it.each([
    [66, "2017-03-20T20:32:31Z"],
    [83, "2021-01-14T01:41:59Z"],
  ])("line %i happened at %s", (line, time) => {
    expect(parseRecord(events[line], READ_OPTIONS)).toMatchObject({ timeMs: Date.parse(time) });
  });
});

function meaningOf(record: unknown): Reviewed {
  const event = parseRecord(record, READ_OPTIONS);
  if (isFault(event)) {
    return { rejected: event.reason };
  }
  const { principal, context, error, source } = event;
  const { session, via } = principal;
  return {
    principal: principal.key,
    ...(principal.type === "AssumedRole" ? {} : { type: principal.type }),
    ...(session === undefined ? {} : { session }),
    ...(via === undefined ? {} : { via }),
    ...(principal.human ? { human: true } : {}),
    ...(principal.family === principal.name ? {} : { family: principal.family }),
    keys: event.keys.map(({ arn, alias }) =>
      [arn.replace("arn:aws:kms:", ""), alias].filter((part) => part !== undefined).join(" "),
    ),
    call: `${event.name} ${event.operation}`,
    ...(context === undefined ? {} : { context: context.keys.join(",") }),
    ...(source.kind === "address" ? {} : { source: source.kind }),
    ...(error === undefined ? {} : { error: error.class }),
  };
}
