import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { ConfigError } from "../src/config/config-error.ts";
import { readDocument } from "../src/config/document.ts";
import { problemsOf, spellIssue } from "../src/config/problems.ts";
import { StreamSettings } from "./constructs/encrypted-stream.ts";
import { MappingSettings } from "./constructs/stream-mapping.ts";

const AccountId = z.string().regex(/^\d{12}$/, { error: "expected an account id of 12 digits" });

const Region = z
  .string()
  .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, { error: "expected a Region such as eu-central-1" });

const Email = z.email({ error: "expected an e-mail address" });

const KeyArn = z.string().regex(/^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/, {
  error: "expected the ARN of a KMS key",
});

const Place = z.strictObject({ account: AccountId, region: Region });

const silenceMinutes = z
  .int()
  .min(5)
  .max(1440)
  .default(60)
  .describe("An alarm rings when no event has arrived for so long.");

const ownStream = {
  stream: StreamSettings.prefault({}).describe("The stream that events arrive on."),
  silenceMinutes,
};

const LogsRoute = z
  .strictObject({
    route: z.literal("logs"),
    ...ownStream,
    sender: Place.extend({ logGroup: z.string().min(1).describe("Log group of the trail.") }),
  })
  .describe(
    "The trail writes to CloudWatch Logs; a subscription filter sends on what is about KMS.",
  );

const EventsRoute = z
  .strictObject({
    route: z.literal("events"),
    ...ownStream,
    organization: z
      .string()
      .regex(/^o-[a-z0-9]{10,32}$/, { error: "expected the id of an organization: o-…" })
      .optional()
      .describe("All accounts of it may send."),
    accounts: z.array(AccountId).default([]).describe("Accounts that may send besides."),
    keys: z.array(KeyArn).max(50).default([]).describe("Only events about these keys; none: all."),
  })
  .refine(({ organization, accounts }) => organization !== undefined || accounts.length > 0, {
    error: "expected an organization or accounts",
  })
  .describe("EventBridge rules in each account and Region; faster than a trail, but best effort.");

const ObjectsRoute = z
  .strictObject({
    route: z.literal("objects"),
    ...ownStream,
    sender: Place.extend({
      bucket: z.string().min(3).max(63).describe("Bucket of the trail, in this Region."),
      keyArn: KeyArn.optional().describe("Key that the trail's log files are encrypted under."),
    }),
  })
  .describe(
    "The trail's bucket tells of each log file, which is then read; complete, minutes later.",
  );

const ExistingRoute = z
  .strictObject({
    route: z.literal("existing"),
    silenceMinutes,
    streamArn: z.string().regex(/^arn:[a-z-]+:kinesis:[a-z0-9-]+:\d{12}:stream\/[\w.-]+$/, {
      error: "expected the ARN of a Kinesis stream",
    }),
    streamKeyArn: KeyArn.optional().describe("Customer-managed key of that stream."),
  })
  .describe("A Kinesis stream that has the events already.");

/** How events reach Keyhawk. */
export const IngestSettings = z.discriminatedUnion("route", [
  LogsRoute,
  EventsRoute,
  ObjectsRoute,
  ExistingRoute,
]);
export type IngestSettings = z.infer<typeof IngestSettings>;

const Capacity = z
  .strictObject({
    minimum: z.int().min(1).max(1_000_000).default(25),
    maximum: z.int().min(1).max(1_000_000),
  })
  .refine(({ minimum, maximum }) => minimum <= maximum, {
    error: "expected minimum up to maximum",
  });
export type Capacity = z.infer<typeof Capacity>;

const TableCapacity = z.strictObject({ read: Capacity, write: Capacity });
export type TableCapacity = z.infer<typeof TableCapacity>;

/** The shape for many machines. What is left open follows from `eventsPerDay`: `sizing.ts`. */
export const ServerlessSettings = z.strictObject({
  entityStream: StreamSettings.prefault({ retentionHours: 24 }).describe(
    "The stream between `spread` and `detect`.",
  ),
  buckets: z
    .int()
    .min(1)
    .max(4096)
    .default(256)
    .describe(
      "Parts that entities are spread over: most records that one call of `spread` writes.",
    ),
  spread: MappingSettings.prefault({ batchRecords: 10_000, batchWindowSeconds: 10 }),
  detect: MappingSettings.extend({
    batchWindowSeconds: MappingSettings.shape.batchWindowSeconds.optional(),
    parallelization: MappingSettings.shape.parallelization.unwrap().optional(),
  }).prefault({ batchRecords: 10_000 }),
  deliver: MappingSettings.prefault({ batchRecords: 100, batchWindowSeconds: 1 }),
  capacity: z
    .union([z.literal("on-demand"), TableCapacity], {
      error: "expected on-demand, or read and write with minimum and maximum",
    })
    .optional()
    .describe(
      "Capacity units of the table, which follow the load between two bounds: cheaper than paying by request where the load is even.",
    ),
  paused: z
    .boolean()
    .default(false)
    .describe(
      "true: everything is there and nothing is read yet, so that a baseline can be imported first.",
    ),
  tickMinutes: z
    .int()
    .min(1)
    .max(60)
    .default(1)
    .describe("How often time passes for quiet entities."),
  lateMinutes: z.int().min(1).max(1440).default(15).describe("Backlog from which an alarm rings."),
  keepDeadLettersDays: z.int().min(1).max(3650).default(90),
});
export type ServerlessSettings = z.infer<typeof ServerlessSettings>;

/** The shape of one process. */
export const WorkerSettings = z.strictObject({
  availabilityZone: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, { error: "expected a zone such as eu-central-1a" })
    .optional()
    .describe("Zone of the instance and its volume; by default the Region's zone a."),
  instanceType: z
    .string()
    .regex(/^[a-z0-9-]+\.[a-z0-9]+$/, { error: "expected an instance type such as m7g.large" })
    .default("m7g.large")
    .describe("An instance type with a Graviton processor."),
  volumeGiB: z.int().min(8).max(16_384).default(30).describe("Size of the volume with the state."),
  snapshotDays: z
    .int()
    .min(1)
    .max(365)
    .default(7)
    .describe("Snapshots of the volume that are kept, one a day."),
  lateMinutes: z.int().min(1).max(1440).default(15).describe("Backlog from which an alarm rings."),
});
export type WorkerSettings = z.infer<typeof WorkerSettings>;

/** What a deployment is made from: one file, given as `-c settings=FILE`. */
export const Settings = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z][a-z0-9-]{1,31}$/, {
        error: "expected small letters, digits and dashes, 2 to 32",
      })
      .default("keyhawk")
      .describe("Prefix of stacks and of what has a name."),
    account: AccountId.describe("The account that Keyhawk runs in."),
    region: Region,
    configuration: z
      .string()
      .min(1)
      .describe(
        "Keyhawk's configuration, relative to this file; source, state and topic are filled in.",
      ),
    shape: z.enum(["serverless", "worker"]).default("serverless"),
    eventsPerDay: z
      .number()
      .min(1000)
      .max(1e11)
      .optional()
      .describe(
        "KMS events a day, roughly: from it follow shards, window and capacity that are not set themselves.",
      ),
    ingest: IngestSettings,
    serverless: ServerlessSettings.prefault({}),
    worker: WorkerSettings.prefault({}),
    alertEmails: z.array(Email).default([]).describe("Who is told of alerts."),
    operationsEmails: z
      .array(Email)
      .default([])
      .describe("Who is told when Keyhawk itself is not well."),
    secretKeyArns: z
      .array(KeyArn)
      .default([])
      .describe("Customer-managed keys of the secrets that the configuration refers to."),
    logRetentionDays: z
      .literal([30, 60, 90, 180, 365, 731])
      .default(90)
      .describe("How long log lines of Keyhawk itself are kept."),
  })
  .superRefine(checkPlaces)
  .describe("Settings of a deployment of Keyhawk.");
export type Settings = z.infer<typeof Settings>;

/** Reads settings, YAML or JSON. Throws `ConfigError` with all problems at once. */
export function loadSettings(file: string): Settings {
  const document = readDocument(file, readText(file));
  const parsed = Settings.safeParse(document.value, { error: spellIssue });
  if (!parsed.success) throw new ConfigError(problemsOf(parsed.error.issues, document, Settings));
  const { configuration } = parsed.data;
  return { ...parsed.data, configuration: resolve(dirname(file), configuration) };
}

/** What must be in the Region of the deployment. */
function checkPlaces(
  { region, ingest, worker }: { region: string; ingest: IngestSettings; worker: WorkerSettings },
  context: z.RefinementCtx,
): void {
  const demand = (path: string[], holds: boolean, what: string) => {
    if (!holds)
      context.addIssue({ code: "custom", path, message: `expected ${what} in ${region}` });
  };
  if (ingest.route === "logs") {
    // A destination takes from log groups of its own Region only.
    demand(["ingest", "sender", "region"], ingest.sender.region === region, "the log group");
  }
  if (ingest.route === "existing") {
    const [, , , streamRegion] = ingest.streamArn.split(":");
    demand(["ingest", "streamArn"], streamRegion === region, "the stream");
  }
  const { availabilityZone = region } = worker;
  demand(["worker", "availabilityZone"], availabilityZone.startsWith(region), "a zone");
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const text = `expected a file that can be read: ${error instanceof Error ? error.message : String(error)}`;
    throw new ConfigError([{ file, path: "", text }], error);
  }
}
