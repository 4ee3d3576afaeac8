import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Alert } from "../../../src/detection/alert.ts";
import { SinkOptions, type SnsOptions } from "../../../src/delivery/options.ts";
import { createSinks } from "../../../src/delivery/sinks/create-sinks.ts";
import { SNS_MAX_BYTES, snsMessage } from "../../../src/delivery/sinks/sns-message.ts";
import { snsClient, snsSink } from "../../../src/delivery/sinks/sns.ts";
import { TRIMMED_REMARK } from "../../../src/delivery/trimming.ts";
import { alertOf, anyAlert } from "../../support/alert-arbitrary.ts";
import { startHttpReceiver } from "../../support/http-receiver.ts";
import { startTopic, type Topic } from "../../support/topic.ts";

const never = new AbortController().signal;
const topicArn = "arn:aws:sns:eu-central-1:000000000000:alerts";
const options = { topicArn, format: "native", ocsfVersion: "1.8.0" } as const;

describe("an SNS message", () => {
  it("fits, with a clean subject and attributes, whatever the alert", () => {
    fc.assert(
      fc.property(anyAlert, fc.constantFrom("native", "ocsf", "splunk-hec"), (alert, format) => {
        const message = snsMessage(alert, { ...options, format });
        expect(message?.bytes).toBeLessThanOrEqual(SNS_MAX_BYTES);
        const { Subject = "", MessageAttributes = {} } = message?.entry ?? {};
        expect(Subject).toMatch(/^\[[A-Z]+\][\x20-\x7e]*$/);
        expect(Subject.length).toBeLessThan(100);
        const attributes = Object.entries(MessageAttributes);
        expect(attributes.length).toBeLessThanOrEqual(10);
        for (const [name, { StringValue = "" }] of attributes) {
          expect(name).toMatch(/^[A-Za-z_]+$/);
          expect(StringValue).toMatch(/^\P{Cc}+$/u);
          expect(StringValue.isWellFormed()).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("carries what subscriptions filter by", () => {
    const attributes = snsMessage(alertOf(), options)?.entry.MessageAttributes ?? {};
    const values = Object.entries(attributes).map(([name, value]) => [name, value.StringValue]);
    expect(Object.fromEntries(values)).toEqual({
      severity: "high",
      severity_id: "4",
      detector: "decrypt-spike",
      alert_status: "created",
      account: "111122223333",
      region: "eu-central-1",
      principal_type: "AssumedRole",
      format: "native",
      schema_version: "1.0",
    });
    expect(attributes["severity_id"]?.DataType).toBe("Number");
  });

  it("is made smaller at the edge, evidence first, and says so", () => {
    const padded = (length: number) => alertOf({ alertId: "0a", triage: ["é".repeat(length)] });
    const bytes = (length: number) => snsMessage(padded(length), options)?.bytes ?? 0;
    const room = SNS_MAX_BYTES - bytes(0);
    const fits = Math.floor(room / 2);
    expect(bytes(fits)).toBeGreaterThan(SNS_MAX_BYTES - 2);
    const whole = snsMessage(padded(fits), options);
    expect(JSON.parse(whole?.entry.Message ?? "")).toEqual(padded(fits));

    // Samples that can be spared make it too large.
    const evidence = {
      eventCount: 812,
      eventIds: Array.from(
        { length: 20 },
        (_, index) => `11111111-2222-4333-8444-${index + 100_000_000_000}`,
      ),
      sourceAddresses: ["198.51.100.7"],
      userAgents: [],
    };
    const large = { ...padded(fits), evidence };
    const small = snsMessage(large, options);
    const alert = Alert.parse(JSON.parse(small?.entry.Message ?? ""));
    expect(alert.triage).toEqual(large.triage);
    expect(alert.evidence.eventCount).toBe(812);
    expect(alert.evidence.eventIds.length).toBeLessThan(20);
    expect(alert.summary.endsWith(TRIMMED_REMARK)).toBe(true);
    expect(small?.entry.MessageAttributes?.["trimmed"]?.StringValue).toBe("true");
  });

  it("of an enormous alert is a small valid alert with the same id, in every format", () => {
    const huge = "漢".repeat(300_000);
    const alert = alertOf({
      title: huge,
      summary: huge,
      detector: huge,
      principal: { key: huge, type: huge, accountId: null, name: huge, session: huge, via: huge },
      observed: Object.fromEntries(
        Array.from({ length: 5000 }, (_, index) => [
          `${index}${huge.slice(0, 99)}`,
          huge.slice(0, 99),
        ]),
      ),
      links: { console: huge },
      triage: Array.from({ length: 50 }, () => huge.slice(0, 9999)),
    });
    for (const format of ["native", "ocsf", "splunk-hec"] as const) {
      const message = snsMessage(alert, { ...options, format });
      expect(message?.bytes).toBeLessThanOrEqual(SNS_MAX_BYTES);
    }
    const small = Alert.parse(JSON.parse(snsMessage(alert, options)?.entry.Message ?? ""));
    expect(small.alertId).toBe(alert.alertId);
    const document: unknown = JSON.parse(
      snsMessage(alert, { ...options, format: "ocsf" })?.entry.Message ?? "",
    );
    expect(document).toMatchObject({ metadata: { is_truncated: true } });
  });

  it("for a FIFO topic is grouped by what it is about and known by its revision", () => {
    const fifo = { ...options, topicArn: `${topicArn}.fifo` };
    const alert = alertOf();
    const one = snsMessage(alert, fifo)?.entry;
    const next = snsMessage({ ...alert, revision: 1 }, fifo)?.entry;
    const other = snsMessage(alertOf({ principal: null }), fifo)?.entry;
    expect(one?.MessageGroupId).toMatch(/^[0-9a-f]{64}$/);
    expect(next?.MessageGroupId).toBe(one?.MessageGroupId);
    expect(other?.MessageGroupId).not.toBe(one?.MessageGroupId);
    expect(one?.MessageDeduplicationId).toBe(`${alert.alertId}-0`);
    expect(next?.MessageDeduplicationId).toBe(`${alert.alertId}-1`);
    expect(snsMessage(alert, options)?.entry.MessageGroupId).toBeUndefined();
  });
});

describe("the SNS sink over the wire", () => {
  let filtered: Topic;
  let fifo: Topic;
  beforeAll(async () => {
    filtered = await startTopic("alerts", {
      severity_id: [{ numeric: [">=", 4] }],
      detector: ["decrypt-spike"],
    });
    fifo = await startTopic("alerts.fifo");
  });
  afterAll(async () => {
    await filtered[Symbol.asyncDispose]();
    await fifo[Symbol.asyncDispose]();
  });

  it("reaches a subscriber whose filter policy matches the attributes, and only that", async () => {
    const sink = snsSink(filtered.options, filtered.client());
    const alerts = [
      alertOf({ severity: "high" }),
      alertOf({ severity: "medium", score: 50 }),
      alertOf({ severity: "critical", score: 95 }),
      alertOf({ severity: "critical", score: 95, detector: "new-principal" }),
    ];
    expect(await sink.deliver(alerts, never)).toEqual(alerts.map(() => undefined));
    const got = await filtered.messages();
    expect(got.map(({ alert }) => alert)).toEqual([alerts[0], alerts[2]]);
    expect(got[0]?.attributes).toMatchObject({ severity: "high", account: "111122223333" });
    await sink.close();
  });

  it("sends the same revision twice, and a FIFO topic passes it on once", async () => {
    const sink = snsSink(fifo.options, fifo.client());
    const alert = alertOf();
    const next = { ...alert, revision: 1 };
    for (const one of [alert, alert, next, alert]) {
      expect(await sink.deliver([one], never)).toEqual([undefined]);
    }
    expect((await fifo.messages()).map(({ alert }) => alert.revision)).toEqual([0, 1]);
    await sink.close();
  });

  it("splits what is too much for one request", async () => {
    const sink = snsSink(filtered.options, filtered.client());
    const large = Array.from({ length: 10 }, () => alertOf({ triage: ["x".repeat(100_000)] }));
    expect(await sink.deliver(large, never)).toEqual(large.map(() => undefined));
    expect(await filtered.messages()).toHaveLength(10);
    await sink.close();
  });

  it("tries again what failed by the fault of SNS", async () => {
    await using receiver = await startHttpReceiver((request) =>
      filtered.refuse(request, ({ Id }) => Id === "1", false),
    );
    const sink = snsSink(
      { ...filtered.options, endpoint: receiver.url },
      filtered.client(receiver.url),
    );
    const results = await sink.deliver([alertOf(), alertOf(), alertOf()], never);
    expect(results.map((error) => error?.retryable)).toEqual([undefined, true, undefined]);
    expect(await filtered.messages()).toHaveLength(2);
    await sink.close();
  });

  it("says that a topic that is not there can be mended", async () => {
    const missing = { ...filtered.options, topicArn: `${filtered.options.topicArn}-missing` };
    const sink = snsSink(missing, filtered.client());
    expect(await sink.deliver([alertOf()], never)).toMatchObject([{ retryable: true }]);
    await sink.close();
  });

  it("says that SNS is away where nothing listens", async () => {
    const away = { ...filtered.options, endpoint: "http://127.0.0.1:9" };
    const sink = snsSink(away, filtered.client("http://127.0.0.1:9"));
    expect(await sink.deliver([alertOf()], never)).toMatchObject([
      { retryable: true, message: expect.stringMatching(/^sns: SNS did not accept/) as string },
    ]);
    await sink.close();
  });
});

describe("the SNS client", () => {
  it("is of the topic's region and makes one attempt", async () => {
    const parsed = SinkOptions.parse({ type: "sns", topicArn }) as SnsOptions;
    const client = snsClient(parsed);
    expect(await client.config.region()).toBe("eu-central-1");
    expect(await client.config.maxAttempts()).toBe(1);
    client.destroy();
    const [sink] = await createSinks([parsed], {
      secrets: { env: {} },
      stdout: process.stdout,
      now: Date.now,
    });
    expect(sink?.name).toBe("sns");
    await sink?.close();
  });
});
