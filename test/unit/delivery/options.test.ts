import { describe, expect, it } from "vitest";
import { z } from "zod";
import { DeliveryOptions, SinkList, SinkOptions } from "../../../src/delivery/options.ts";
import { createRouting } from "../../../src/delivery/routing.ts";

const topicArn = "arn:aws:sns:eu-central-1:111122223333:alerts";
const problems = (schema: z.ZodType, value: unknown) =>
  schema
    .safeParse(value)
    .error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];

describe("the options of a sink", () => {
  it("need no more than where to", () => {
    expect(SinkOptions.parse({ type: "sns", topicArn })).toEqual({
      type: "sns",
      name: "sns",
      format: "native",
      ocsfVersion: "1.8.0",
      minimumSeverity: "informational",
      topicArn,
      timeoutMs: 15_000,
    });
    const hec = { type: "splunk-hec", url: "https://splunk.example:8088", token: "env:HEC" };
    expect(SinkOptions.parse(hec)).toMatchObject({ name: "splunk-hec", format: "splunk-hec" });
    expect(SinkOptions.parse({ type: "webhook", url: "https://siem.example" })).toMatchObject({
      name: "webhook",
      allowHttp: false,
      allowPrivateNetworks: [],
    });
    expect(SinkOptions.parse({ type: "file", path: "alerts.ndjson" })).toMatchObject({
      name: "file",
    });
    expect(SinkOptions.parse({ type: "stdout" })).toMatchObject({ name: "stdout" });
  });

  it.each<[string, unknown, RegExp]>([
    ["an unknown key", { type: "stdout", colour: true }, /Unrecognized key: "colour"/],
    ["an unknown type", { type: "pigeon" }, /type: /],
    ["a topic that is no ARN", { type: "sns", topicArn: "alerts" }, /topicArn: expected the ARN/],
    [
      "a token in clear",
      { type: "splunk-hec", url: "https://s.example", token: "abc" },
      /token: .*in clear is refused/,
    ],
    [
      "a signing secret in clear",
      { type: "webhook", url: "https://s.example", secret: "whsec_x" },
      /secret: .*refused/,
    ],
    [
      "an Authorization header in clear",
      { type: "webhook", url: "https://s.example", headers: { Authorization: "Bearer abc" } },
      /headers.Authorization: .*refused/,
    ],
    [
      "an API key in clear",
      { type: "webhook", url: "https://s.example", headers: { "DD-API-KEY": "abc" } },
      /refused/,
    ],
    [
      "a header of the sink's own",
      { type: "webhook", url: "https://s.example", headers: { "Webhook-Id": "1" } },
      /is set by the sink itself/,
    ],
    [
      "a header with a line break",
      { type: "webhook", url: "https://s.example", headers: { a: "b\r\nc: d" } },
      /headers.a/,
    ],
    [
      "a URL with a password",
      { type: "webhook", url: "https://u:p@s.example" },
      /url: .*without user name/,
    ],
    ["a URL of another protocol", { type: "webhook", url: "ftp://s.example" }, /url: /],
    [
      "a network that is none",
      { type: "webhook", url: "https://s.example", allowPrivateNetworks: ["10.0.0.1/99"] },
      /allowPrivateNetworks.0: expected a network/,
    ],
    ["a name with a space", { type: "stdout", name: "a b" }, /name: expected letters/],
  ])("refuse %s", (_what, options, expected) => {
    expect(problems(SinkOptions, options).join("\n")).toMatch(expected);
  });

  it("repeat no secret in a message", () => {
    const options = { type: "webhook", url: "https://user:hunter2@s.example", secret: "hunter2" };
    expect(JSON.stringify(SinkOptions.safeParse(options).error)).not.toContain("hunter2");
  });

  it("of several sinks have different names", () => {
    const two = [{ type: "stdout" }, { type: "stdout" }];
    expect(problems(SinkList, two)).toEqual([
      "1.name: another sink is named stdout already; give each its own name",
    ]);
    expect(problems(SinkList, [{ type: "stdout" }, { type: "stdout", name: "two" }])).toEqual([]);
  });

  it("have a JSON schema with a text for each", () => {
    const schema = JSON.stringify(z.toJSONSchema(SinkList, { io: "input" }));
    expect(schema).toContain("A value may be a reference");
    expect(() => z.toJSONSchema(DeliveryOptions, { io: "input" })).not.toThrow();
  });
});

describe("the options of delivery", () => {
  it("have defaults for all", () => {
    expect(DeliveryOptions.parse({})).toEqual({
      retry: {
        initialMs: 1000,
        maximumMs: 300_000,
        maximumRetryAfterMs: 3_600_000,
        giveUpAfterHours: 72,
      },
      outboxLimit: 100_000,
      concurrency: 4,
      sinkDeadAfterMinutes: 15,
      pollMs: 5000,
    });
  });
});

describe("routing", () => {
  it("sends to a sink what is severe enough for it", () => {
    const sinksFor = createRouting(
      SinkList.parse([
        { type: "stdout" },
        { type: "file", path: "a", minimumSeverity: "medium" },
        { type: "sns", topicArn, minimumSeverity: "critical" },
      ]),
    );
    expect(sinksFor({ severity: "low" })).toEqual(["stdout"]);
    expect(sinksFor({ severity: "medium" })).toEqual(["stdout", "file"]);
    expect(sinksFor({ severity: "critical" })).toEqual(["stdout", "file", "sns"]);
  });
});
