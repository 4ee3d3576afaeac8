import ipaddr from "ipaddr.js";
import { z } from "zod";
import { severities } from "../detection/alert.ts";
import { formatNames } from "./formats/formats.ts";
import { ocsfVersions } from "./formats/ocsf.ts";
import { SecretReference } from "./secrets.ts";

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
    error: "expected letters, digits, dots, dashes and underscores, at most 64",
  })
  .describe("Unique among the sinks; alerts not yet accepted are kept under it.");

const common = {
  format: z.enum(formatNames).default("native").describe("How alerts are written for this sink."),
  ocsfVersion: z
    .enum(ocsfVersions)
    .default("1.8.0")
    .describe("Version of OCSF, where the format is ocsf."),
  minimumSeverity: z
    .enum(severities)
    .default("informational")
    .describe("Less severe alerts are not sent to this sink."),
};

const network = z
  .string()
  .refine(isNetwork, { error: "expected a network such as 10.0.0.0/8 or fd12:3456::/48" });

const secretHeader = /authorization|cookie|token|secret|password|api-?key|access-?key/i;
const ownHeader =
  /^(?:host|content-length|content-type|connection|transfer-encoding|upgrade|expect|webhook-.*)$/i;
/** A header's value: text, or a reference to a secret with an optional scheme before it (`Bearer env:TOKEN`). */
export const headerReference = /^(?:([A-Za-z]+) )?((?:env|file|secretsmanager|ssm):.+)$/;

const http = {
  allowPrivateNetworks: z
    .array(network)
    .max(100)
    .default([])
    .describe(
      "Networks that are not public and may be posted to all the same. Metadata addresses are refused even if listed.",
    ),
  allowHttp: z
    .boolean()
    .default(false)
    .describe("Allows http. Literal addresses in allowPrivateNetworks may use it anyway."),
  caFile: z
    .string()
    .optional()
    .describe("PEM file of the authority that signed the receiver's certificate."),
  timeoutMs: z.int().min(100).max(120_000).default(15_000).describe("Longest wait for one answer."),
};

const url = z
  .union([
    SecretReference,
    z.url({
      protocol: /^https?$/,
      error: "expected an https URL or a reference to a secret that holds one",
    }),
  ])
  .refine((text) => !hasCredentials(text), {
    error: "expected a URL without user name and password; put them into a header by reference",
  });

const Sns = z.strictObject({
  type: z.literal("sns"),
  name: name.default("sns"),
  ...common,
  topicArn: z
    .string()
    .regex(/^arn:[a-z0-9-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?$/, {
      error: "expected the ARN of an SNS topic: arn:aws:sns:REGION:ACCOUNT:NAME",
    })
    .describe("Topic; its region is used, and a name that ends in .fifo makes it a FIFO topic."),
  endpoint: z.url().optional().describe("Another address of SNS: a VPC endpoint or an emulator."),
  timeoutMs: z.int().min(100).max(120_000).default(15_000).describe("Longest wait for one answer."),
});

const Webhook = z.strictObject({
  type: z.literal("webhook"),
  name: name.default("webhook"),
  ...common,
  url: url.describe("Where alerts are posted; a reference where the URL itself is a secret."),
  secret: SecretReference.optional().describe(
    "Signing secret (whsec_ and base64 of 24 to 64 bytes) for the Standard Webhooks signature.",
  ),
  previousSecret: SecretReference.optional().describe(
    "The secret that is being replaced: while it is given, both sign.",
  ),
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/), z.string().regex(/^[\x20-\x7e]*$/))
    .default({})
    .superRefine(checkHeaders)
    .describe(
      "Headers sent each time. A value may be a reference, with a scheme: Bearer env:TOKEN.",
    ),
  ...http,
});

const SplunkHec = z.strictObject({
  type: z.literal("splunk-hec"),
  name: name.default("splunk-hec"),
  ...common,
  format: common.format
    .unwrap()
    .default("splunk-hec")
    .describe(
      "What stands in the envelope's event: CIM alert fields, or an alert in another format.",
    ),
  url: url.describe("Address of the collector, e.g. https://splunk.example:8088, without a path."),
  token: SecretReference.describe("Token of the HTTP Event Collector."),
  index: z.string().min(1).optional().describe("Index; without it the token's own."),
  source: z.string().min(1).default("keyhawk").describe("Source of the events."),
  sourcetype: z.string().min(1).default("keyhawk:alert").describe("Source type of the events."),
  host: z.string().min(1).optional().describe("Host of the events."),
  ...http,
});

const File = z.strictObject({
  type: z.literal("file"),
  name: name.default("file"),
  ...common,
  path: z.string().min(1).describe("File that alerts are appended to, one a line."),
  maximumBytes: z
    .int()
    .min(1024)
    .optional()
    .describe("A file that would grow over this many bytes is renamed to PATH.1 first."),
  keepFiles: z.int().min(1).max(100).default(5).describe("How many renamed files are kept."),
});

const Stdout = z.strictObject({
  type: z.literal("stdout"),
  name: name.default("stdout"),
  ...common,
});

/** One place that alerts go to. */
export const SinkOptions = z.discriminatedUnion("type", [Sns, Webhook, SplunkHec, File, Stdout]);
export type SinkOptions = z.infer<typeof SinkOptions>;
export type SnsOptions = z.infer<typeof Sns>;
export type WebhookOptions = z.infer<typeof Webhook>;
export type SplunkHecOptions = z.infer<typeof SplunkHec>;
export type FileOptions = z.infer<typeof File>;
export type StdoutOptions = z.infer<typeof Stdout>;

/** All places that alerts go to; their names differ. */
export const SinkList = z
  .array(SinkOptions)
  .max(50)
  .superRefine((sinks, context) => {
    for (const [index, { name }] of sinks.entries()) {
      if (sinks.findIndex((sink) => sink.name === name) === index) continue;
      context.addIssue({
        code: "custom",
        path: [index, "name"],
        message: `another sink is named ${name} already; give each its own name`,
      });
    }
  });
export type SinkList = z.infer<typeof SinkList>;

/** How alerts are sent, whatever the sink. */
export const DeliveryOptions = z.strictObject({
  retry: z
    .strictObject({
      initialMs: z
        .int()
        .min(1)
        .default(1000)
        .describe("Longest pause after the first failure; doubles with each."),
      maximumMs: z.int().min(1).default(300_000).describe("Longest pause between two attempts."),
      maximumRetryAfterMs: z
        .int()
        .min(0)
        .default(3_600_000)
        .describe("Longest pause that a receiver may ask for (Retry-After)."),
      giveUpAfterHours: z
        .number()
        .positive()
        .max(8760)
        .default(72)
        .describe(
          "An alert that failed for so long is set aside with the reason; it is never dropped.",
        ),
    })
    .prefault({}),
  outboxLimit: z
    .int()
    .min(1)
    .default(100_000)
    .describe("Most alerts that wait for one sink; further ones are set aside, kept and reported."),
  concurrency: z.int().min(1).max(64).default(4).describe("Most requests under way to one sink."),
  sinkDeadAfterMinutes: z
    .number()
    .positive()
    .default(15)
    .describe("A sink that accepts nothing for so long is reported to the others."),
  pollMs: z
    .int()
    .min(10)
    .default(5000)
    .describe(
      "How often the outbox is looked at when nothing calls, e.g. for alerts added by another process.",
    ),
});
export type DeliveryOptions = z.infer<typeof DeliveryOptions>;

function isNetwork(text: string): boolean {
  try {
    ipaddr.parseCIDR(text);
    return true;
  } catch {
    return false;
  }
}

function hasCredentials(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && (url.username !== "" || url.password !== "");
}

function checkHeaders(headers: Record<string, string>, context: z.RefinementCtx): void {
  for (const [header, value] of Object.entries(headers)) {
    if (ownHeader.test(header)) {
      context.addIssue({ code: "custom", path: [header], message: "is set by the sink itself" });
    } else if (secretHeader.test(header) && !headerReference.test(value)) {
      context.addIssue({
        code: "custom",
        path: [header],
        message:
          "expected a reference to a secret, e.g. env:NAME or Bearer env:NAME; a secret written in clear is refused",
      });
    }
  }
}
