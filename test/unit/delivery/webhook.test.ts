import { existsSync, readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { SinkOptions } from "../../../src/delivery/options.ts";
import type { DeliveryError } from "../../../src/delivery/sink.ts";
import { createSinks } from "../../../src/delivery/sinks/create-sinks.ts";
import { signatureHeaders } from "../../../src/delivery/sinks/webhook-signature.ts";
import { alertOf } from "../../support/alert-arbitrary.ts";
import { type HttpReceiver, startHttpReceiver } from "../../support/http-receiver.ts";

const vectorsFile = new URL(
  "../../../../shared/schemas/standard-webhooks-vectors.json",
  import.meta.url,
);
const haveVectors = existsSync(vectorsFile);
const never = new AbortController().signal;
const secretOf = (text: string) => `whsec_${Buffer.from(text.padEnd(32, "-")).toString("base64")}`;

async function sinkTo(
  receiver: HttpReceiver,
  options: object = {},
  env: Record<string, string> = {},
) {
  const clock = { ms: Date.now() };
  const [sink] = await createSinks(
    [
      SinkOptions.parse({
        type: "webhook",
        url: `${receiver.url}/hook`,
        allowPrivateNetworks: ["127.0.0.0/8"],
        timeoutMs: 500,
        ...options,
      }),
    ],
    { secrets: { env }, stdout: process.stdout, now: () => clock.ms },
  );
  if (sink === undefined) throw new Error("no sink was made");
  return {
    clock,
    deliver: async (alert = alertOf()): Promise<DeliveryError | undefined> => {
      const results = await sink.deliver([alert], never);
      return results[0];
    },
    [Symbol.asyncDispose]: () => sink.close(),
  };
}

describe("the webhook's signature", () => {
  it.skipIf(!haveVectors)(
    `is that of the published vectors${haveVectors ? "" : " (skipped: no ../shared/schemas)"}`,
    () => {
      const { positive } = JSON.parse(readFileSync(vectorsFile, "utf8")) as {
        positive: {
          secret: string;
          id: string;
          timestamp: number;
          body: string;
          signature: string;
        }[];
      };
      expect(positive.length).toBeGreaterThan(0);
      for (const { secret, id, timestamp, body, signature } of positive) {
        const message = { id, timestampMs: timestamp * 1000, body };
        expect(signatureHeaders(message, [{ reference: "env:S", secret }])).toEqual({
          "webhook-id": id,
          "webhook-timestamp": String(timestamp),
          "webhook-signature": signature,
        });
      }
    },
  );

  it("is verified by the reference library, and only with the right secret", async () => {
    await using receiver = await startHttpReceiver(() => ({ status: 200 }));
    const env = { SECRET: secretOf("right") };
    await using sink = await sinkTo(receiver, { secret: "env:SECRET" }, env);
    const alert = alertOf({ title: "é漢字🦅" });
    expect(await sink.deliver(alert)).toBeUndefined();
    const [request] = receiver.requests;
    const headers = request?.headers as Record<string, string>;
    const payload = new Webhook(env.SECRET).verify(request?.body ?? "", headers);
    expect(payload).toEqual({ type: "alert.created", timestamp: alert.eventTime, data: alert });
    expect(() => new Webhook(secretOf("wrong")).verify(request?.body ?? "", headers)).toThrow();
    expect(headers["webhook-id"]).not.toContain(".");
  });

  it("is given with both secrets while one replaces the other", async () => {
    await using receiver = await startHttpReceiver(() => ({ status: 200 }));
    const env = { NEW: secretOf("new"), OLD: secretOf("old") };
    const options = { secret: "env:NEW", previousSecret: "env:OLD" };
    await using sink = await sinkTo(receiver, options, env);
    await sink.deliver();
    const [request] = receiver.requests;
    const headers = request?.headers as Record<string, string>;
    expect(headers["webhook-signature"]?.split(" ")).toHaveLength(2);
    for (const secret of [env.NEW, env.OLD]) {
      expect(new Webhook(secret).verify(request?.body ?? "", headers)).toBeDefined();
    }
  });

  it("keeps the id and the body at the next attempt, and takes the time of that attempt", async () => {
    await using receiver = await startHttpReceiver(() => ({ status: 503 }));
    const env = { SECRET: secretOf("right") };
    await using sink = await sinkTo(receiver, { secret: "env:SECRET" }, env);
    const alert = alertOf();
    await sink.deliver(alert);
    sink.clock.ms += 60_000;
    await sink.deliver(alert);
    const [first, second] = receiver.requests;
    expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
    expect(second?.body).toBe(first?.body);
    const times = [first, second].map((request) => Number(request?.headers["webhook-timestamp"]));
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBe(60);
    expect(second?.headers["webhook-signature"]).not.toBe(first?.headers["webhook-signature"]);
  });

  it.each(["whsec_", "not base64!", "c2hvcnQ=", `whsec_${Buffer.alloc(65).toString("base64")}`])(
    "needs 24 to 64 bytes of base64 rather than %s, and does not show it",
    async (secret) => {
      await using receiver = await startHttpReceiver(() => ({ status: 200 }));
      await using sink = await sinkTo(receiver, { secret: "env:SECRET" }, { SECRET: secret });
      const error = await sink.deliver();
      expect(error?.message).toBe(
        "webhook: env:SECRET: is not whsec_ and the base64 form of 24 to 64 bytes",
      );
      expect(receiver.requests).toEqual([]);
    },
  );
});

describe("the webhook's answers", () => {
  it.each([
    [200, undefined],
    [202, undefined],
    [204, undefined],
    [301, { retryable: true, gone: false }],
    [304, { retryable: true, gone: false }],
    [400, { retryable: false, gone: false }],
    [401, { retryable: true, gone: false }],
    [403, { retryable: true, gone: false }],
    [404, { retryable: true, gone: false }],
    [408, { retryable: true, gone: false }],
    [410, { retryable: false, gone: true }],
    [413, { retryable: false, gone: false }],
    [422, { retryable: false, gone: false }],
    [429, { retryable: true, gone: false }],
    [500, { retryable: true, gone: false }],
    [502, { retryable: true, gone: false }],
    [504, { retryable: true, gone: false }],
  ])("%i means %o", async (status, expected) => {
    await using receiver = await startHttpReceiver(() => ({ status }));
    await using sink = await sinkTo(receiver);
    const error = await sink.deliver();
    if (expected === undefined) expect(error).toBeUndefined();
    else expect(error).toMatchObject(expected);
  });

  it("carry on how long to wait, in seconds or as a date", async () => {
    await using receiver = await startHttpReceiver(() => ({
      status: 429,
      headers: { "retry-after": "17" },
    }));
    await using sink = await sinkTo(receiver);
    expect(await sink.deliver()).toMatchObject({ retryable: true, retryAfterMs: 17_000 });

    sink.clock.ms = Date.UTC(2026, 2, 14, 2, 0, 0);
    receiver.respond(() => ({
      status: 503,
      headers: { "retry-after": "Sat, 14 Mar 2026 02:00:30 GMT" },
    }));
    expect(await sink.deliver()).toMatchObject({ retryable: true, retryAfterMs: 30_000 });
  });

  it("lead nowhere else: a redirect to the metadata address is a failure", async () => {
    await using receiver = await startHttpReceiver(() => ({
      status: 302,
      headers: { location: "http://169.254.169.254/latest/meta-data/iam/" },
    }));
    await using sink = await sinkTo(receiver);
    const error = await sink.deliver();
    expect(error?.message).toMatch(/answered 302, and redirects are not followed$/);
    expect(receiver.requests).toHaveLength(1);
  });
});

describe("the webhook's request", () => {
  it("has the headers that are configured, with secrets filled in", async () => {
    await using receiver = await startHttpReceiver(() => ({ status: 200 }));
    const headers = { Authorization: "Bearer env:TOKEN", "X-Api-Key": "env:KEY", "X-Team": "blue" };
    await using sink = await sinkTo(receiver, { headers }, { TOKEN: "t0ken", KEY: "k3y" });
    await sink.deliver();
    expect(receiver.requests[0]?.headers).toMatchObject({
      authorization: "Bearer t0ken",
      "x-api-key": "k3y",
      "x-team": "blue",
      "content-type": "application/json",
    });
  });

  it("has the plain document in other formats", async () => {
    await using receiver = await startHttpReceiver(() => ({ status: 200 }));
    await using sink = await sinkTo(receiver, { format: "ocsf" });
    await sink.deliver();
    expect(JSON.parse(receiver.requests[0]?.body ?? "")).toMatchObject({ class_uid: 2004 });
  });

  it("is sent again at once with a token that was changed at its place", async () => {
    const env: Record<string, string> = { TOKEN: "old" };
    await using receiver = await startHttpReceiver(({ headers }) => ({
      status: headers["authorization"] === "new" ? 200 : 401,
    }));
    await using sink = await sinkTo(receiver, { headers: { Authorization: "env:TOKEN" } }, env);
    expect(await sink.deliver()).toMatchObject({ retryable: true });
    expect(receiver.requests).toHaveLength(1);
    env["TOKEN"] = "new";
    expect(await sink.deliver()).toBeUndefined();
    expect(receiver.requests).toHaveLength(3);
  });
});
