import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { detectors } from "../detectors/index.ts";
import { ConfigError } from "./config/config-error.ts";
import { problemsOf, spellIssue } from "./config/problems.ts";
import { DeliveryOptions, SinkList } from "./delivery/options.ts";
import { detectionOptions } from "./detection/options.ts";
import { KinesisOptions } from "./sources/kinesis/options.ts";
import { expectedPlace, isPlace, resolvedPlace } from "./store/place.ts";

export { ConfigError } from "./config/config-error.ts";

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;

const AccountId = z
  .string()
  .regex(/^\d{12}$/, { error: "expected an account id of 12 digits" })
  .describe("AWS account id, 12 digits.");

const Source = z
  .strictObject({
    kinesis: KinesisOptions.optional(),
    files: z
      .strictObject({ paths: z.array(z.string().min(1)).min(1) })
      .optional()
      .describe("Trails to read once, relative to this file: for trying a configuration out."),
  })
  .refine((source) => (source.kinesis === undefined) !== (source.files === undefined), {
    error: "expected one of kinesis and files",
  })
  .describe("Where `run` reads from.");

const Organization = z.strictObject({
  accounts: z
    .array(AccountId)
    .default([])
    .describe("The organization's own accounts; empty: learned from the trail."),
  approvedForeignAccounts: z
    .array(
      z.strictObject({
        account: AccountId,
        owner: z.string().min(1).describe("Who answers for it."),
        reason: z.string().min(1),
        expires: z
          .union([z.iso.date(), z.iso.datetime({ offset: true })])
          .optional()
          .describe("Event time from which it is foreign again."),
      }),
    )
    .default([])
    .describe("Accounts of others that may use the organization's keys."),
});

const Limits = z.strictObject({
  openedBytes: z
    .strictObject({
      stream: z
        .int()
        .min(mebibyte)
        .max(2 * gibibyte)
        .default(64 * mebibyte),
      files: z
        .int()
        .min(mebibyte)
        .max(2 * gibibyte)
        .default(512 * mebibyte),
    })
    .prefault({})
    .describe("Most bytes that one stream record or one file may open to."),
  recordBytes: z
    .int()
    .min(1024)
    .max(16 * mebibyte)
    .default(mebibyte)
    .describe("Most bytes of one CloudTrail record."),
  entitiesInMemory: z
    .int()
    .min(1000)
    .max(10_000_000)
    .default(200_000)
    .describe("Principals, keys and accounts held in memory; the others are read back when seen."),
});

/** One configuration file. Every part has a default; a live consumer needs a stream name and one sink. */
export const Config = z
  .strictObject({
    $schema: z.string().optional().describe("For editors."),
    version: z.literal(1).default(1).describe("Version of this format."),
    source: Source.optional(),
    state: z
      .string()
      .min(1)
      .refine(isPlace, { error: expectedPlace })
      .default("keyhawk-state")
      .describe("Folder of the state, relative to this file, or dynamodb://TABLE."),
    sinks: SinkList.default([]).describe("Where alerts go."),
    delivery: DeliveryOptions.prefault({}).describe("How hard delivery is tried."),
    organization: Organization.prefault({}).describe("Whose keys and principals are whose."),
    detection: detectionOptions(detectors).prefault({}).describe("What is looked for."),
    limits: Limits.prefault({}).describe("Everything has a limit."),
  })
  .describe("Configuration of Keyhawk.");
export type Config = z.infer<typeof Config>;

/** The configuration of an empty file in the current folder. */
export function defaultConfig(): Config {
  return Config.parse({});
}

/**
 * Reads a configuration, YAML or JSON; paths inside it are resolved against its folder.
 * Throws `ConfigError` with all problems at once.
 */
export async function loadConfig(file: string): Promise<Config> {
  const text = await readText(file);
  const { readDocument } = await import("./config/document.ts"); // The parser of YAML is large.
  const document = readDocument(file, text);
  const parsed = Config.safeParse(document.value, { error: spellIssue });
  if (!parsed.success) {
    throw new ConfigError(problemsOf(parsed.error.issues, document, Config));
  }
  return withResolvedPaths(parsed.data, dirname(resolve(file)));
}

/** JSON Schema of a configuration as one writes it, for editors. */
export function configJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(Config, { io: "input", unrepresentable: "any" });
  return {
    $schema: schema.$schema,
    $id: "urn:keyhawk:schema:config:1",
    title: "Keyhawk",
    ...schema,
  };
}

const maximumFileBytes = mebibyte;

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > maximumFileBytes) {
      const found = `found ${size} bytes`;
      throw new ConfigError([
        { file, path: "", text: `expected at most ${maximumFileBytes} bytes, ${found}` },
      ]);
    }
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError([{ file, path: "", text: unreadable(error) }], error);
  }
}

function unreadable(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "expected a file, found nothing";
  if (code === "EISDIR") return "expected a file, found a folder";
  if (code === "EACCES") return "expected a file that may be read, found permission denied";
  return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}

function withResolvedPaths(config: Config, folder: string): Config {
  const files = config.source?.files;
  const paths = files?.paths.map((path) =>
    path.startsWith("s3://") ? path : resolve(folder, path),
  );
  return {
    ...config,
    state: resolvedPlace(folder, config.state),
    sinks: config.sinks.map((sink) => withResolvedFiles(sink, folder)),
    ...(paths === undefined ? {} : { source: { ...config.source, files: { paths } } }),
  };
}

/** A sink's own files, and references to secrets in files. */
function withResolvedFiles<Sink extends object>(sink: Sink, folder: string): Sink {
  const entries = Object.entries(sink).map(([name, value]: [string, unknown]) => {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return [name, withResolvedFiles(value, folder)];
    }
    if (typeof value !== "string") return [name, value];
    if (name === "path" || name === "caFile") return [name, resolve(folder, value)];
    const [, before, file] = /^((?:[A-Za-z]+ )?file:)(?!\/\/)(.+)$/.exec(value) ?? [];
    return [name, before === undefined ? value : `${before}${resolve(folder, file ?? "")}`];
  });
  return Object.fromEntries(entries);
}
