import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Alert } from "../../../src/detection/alert.ts";
import { SinkOptions } from "../../../src/delivery/options.ts";
import { noticeAlert, operationalAlert } from "../../../src/delivery/operational-alert.ts";
import { createSinks } from "../../../src/delivery/sinks/create-sinks.ts";
import { pack } from "../../../src/delivery/sinks/packing.ts";
import { alertOf } from "../../support/alert-arbitrary.ts";
import { startHttpReceiver } from "../../support/http-receiver.ts";

const never = new AbortController().signal;

async function sinkOf(options: unknown, stdout: Writable = new PassThrough(), env = {}) {
  const [sink] = await createSinks([SinkOptions.parse(options)], {
    secrets: { env },
    stdout,
    now: Date.now,
  });
  if (sink === undefined) throw new Error("no sink was made");
  return { ...sink, [Symbol.asyncDispose]: () => sink.close() };
}

describe("the file sink", () => {
  let directory: string;
  let path: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "keyhawk-file-"));
    path = join(directory, "alerts.ndjson");
  });
  afterEach(() => rm(directory, { recursive: true }));
  const alerts = async (file = path) =>
    (await readFile(file, "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);

  it("appends to what is there, and others may not read it", async () => {
    await using sink = await sinkOf({ type: "file", path });
    const [one, two] = [alertOf(), alertOf()];
    await sink.deliver([one], never);
    await sink.deliver([two], never);
    expect(await alerts()).toEqual([one, two]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("writes whole lines when called many times at once", async () => {
    await using sink = await sinkOf({ type: "file", path });
    const all = Array.from({ length: 30 }, () => alertOf());
    await Promise.all(all.map((alert) => sink.deliver([alert], never)));
    expect(await alerts()).toEqual(all);
  });

  it("ends a line that a crash left torn rather than writing on in it", async () => {
    await appendFile(path, `{"torn":tru`);
    await using sink = await sinkOf({ type: "file", path });
    const alert = alertOf();
    await sink.deliver([alert], never);
    const [torn, whole] = (await readFile(path, "utf8")).split("\n");
    expect(torn).toBe(`{"torn":tru`);
    expect(JSON.parse(whole ?? "")).toEqual(alert);
  });

  it("goes on in a new file when another tool has moved the old one", async () => {
    await using sink = await sinkOf({ type: "file", path });
    await sink.deliver([alertOf()], never);
    await rm(path);
    const alert = alertOf();
    await sink.deliver([alert], never);
    expect(await alerts()).toEqual([alert]);
  });

  it("renames a file that would grow too large, and keeps as many as it is told", async () => {
    const bytes = JSON.stringify(alertOf()).length + 1;
    await using sink = await sinkOf({
      type: "file",
      path,
      maximumBytes: 2 * bytes + 10,
      keepFiles: 2,
    });
    const all = Array.from({ length: 9 }, () => alertOf());
    for (const alert of all) await sink.deliver([alert], never);
    expect((await readdir(directory)).toSorted()).toEqual([
      "alerts.ndjson",
      "alerts.ndjson.1",
      "alerts.ndjson.2",
    ]);
    expect(await alerts()).toEqual(all.slice(8));
    expect(await alerts(`${path}.1`)).toEqual(all.slice(6, 8));
    expect(await alerts(`${path}.2`)).toEqual(all.slice(4, 6));
  });

  it("is not made for a directory or a device", async () => {
    await mkdir(path);
    await expect(sinkOf({ type: "file", path })).rejects.toThrow(`file: ${path}: is a directory`);
    await expect(sinkOf({ type: "file", path: "/dev/null" })).rejects.toThrow(
      "file: /dev/null: is not a regular file",
    );
  });

  it("says what is in the way when a directory takes its place later", async () => {
    await using sink = await sinkOf({ type: "file", path });
    await mkdir(path);
    expect(await sink.deliver([alertOf()], never)).toMatchObject([
      { retryable: true, message: `file: ${path}: is a directory` },
    ]);
  });
});

describe("the stdout sink", () => {
  it("takes a reader that has left for gone, without an error of the process", async () => {
    const stdout = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error(), { code: "EPIPE" })),
    });
    await using sink = await sinkOf({ type: "stdout" }, stdout);
    const results = await sink.deliver([alertOf(), alertOf()], never);
    for (const error of results) {
      expect(error).toMatchObject({ gone: true, message: "stdout: the reader has left" });
    }
  });

  it("writes another format on one line", async () => {
    const stdout = new PassThrough();
    await using sink = await sinkOf({ type: "stdout", format: "ocsf" }, stdout);
    await sink.deliver([alertOf({ title: "two\nlines" })], never);
    const lines = String(stdout.read()).trimEnd().split("\n");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ class_uid: 2004 });
  });
});

describe("the Splunk sink", () => {
  const answerOf = (code: number, more: object = {}) =>
    JSON.stringify({ text: "…", code, ...more });
  const options = (url: string) => ({
    type: "splunk-hec",
    url,
    token: "env:TOKEN",
    allowPrivateNetworks: ["127.0.0.0/8"],
    timeoutMs: 500,
  });
  const env = { TOKEN: "t0ken" };

  it.each([
    [200, 0, undefined],
    [403, 1, true],
    [401, 2, true],
    [401, 3, true],
    [403, 4, true],
    [400, 5, false],
    [400, 6, false],
    [400, 7, true],
    [500, 8, true],
    [503, 9, true],
    [400, 10, true],
    [400, 11, true],
    [400, 12, false],
    [400, 13, false],
    [400, 14, true],
  ])("takes %i with code %i for retryable: %s", async (status, code, retryable) => {
    await using receiver = await startHttpReceiver(() => ({ status, body: answerOf(code) }));
    await using sink = await sinkOf(options(receiver.url), undefined, env);
    const [error] = await sink.deliver([alertOf()], never);
    expect(error?.retryable).toBe(retryable);
  });

  it.each([
    [200, "<html>", true],
    [200, "", true],
    [404, "<html>", true],
    [413, "", false],
    [502, "<html>", true],
  ])(
    "goes by the status %i where the body is %j: retryable: %s",
    async (status, body, retryable) => {
      await using receiver = await startHttpReceiver(() => ({ status, body }));
      await using sink = await sinkOf(options(receiver.url), undefined, env);
      const [error] = await sink.deliver([alertOf()], never);
      expect(error?.retryable).toBe(retryable);
    },
  );

  it("sends envelopes one after the other, with token and metadata", async () => {
    await using receiver = await startHttpReceiver(() => ({ status: 200, body: answerOf(0) }));
    const more = { index: "security", source: "kms", sourcetype: "kms:alert", host: "keyhawk-1" };
    await using sink = await sinkOf({ ...options(receiver.url), ...more }, undefined, env);
    await sink.deliver([alertOf(), alertOf()], never);
    const [request] = receiver.requests;
    expect(request?.path).toBe("/services/collector/event");
    expect(request?.headers["authorization"]).toBe("Splunk t0ken");
    const envelopes = (request?.body ?? "").split(/(?<=\})(?=\{"time")/);
    expect(envelopes).toHaveLength(2);
    for (const text of envelopes) expect(JSON.parse(text)).toMatchObject(more);
  });

  it("puts another format into the envelope", async () => {
    await using receiver = await startHttpReceiver(() => ({ status: 200, body: answerOf(0) }));
    await using sink = await sinkOf({ ...options(receiver.url), format: "ocsf" }, undefined, env);
    await sink.deliver([alertOf()], never);
    expect(JSON.parse(receiver.requests[0]?.body ?? "")).toMatchObject({
      event: { class_uid: 2004 },
    });
  });

  it("sends events one by one where the collector does not say which is bad", async () => {
    await using receiver = await startHttpReceiver(({ body }) =>
      body.includes("bad")
        ? { status: 400, body: answerOf(6) }
        : { status: 200, body: answerOf(0) },
    );
    await using sink = await sinkOf(options(receiver.url), undefined, env);
    const results = await sink.deliver([alertOf(), alertOf({ title: "bad" }), alertOf()], never);
    expect(results.map((error) => error?.retryable)).toEqual([undefined, false, undefined]);
  });

  it("splits what is over one megabyte", async () => {
    await using receiver = await startHttpReceiver(() => ({ status: 200, body: answerOf(0) }));
    await using sink = await sinkOf(options(receiver.url), undefined, env);
    const large = Array.from({ length: 5 }, () => alertOf({ triage: ["x".repeat(400_000)] }));
    expect(await sink.deliver(large, never)).toEqual(large.map(() => undefined));
    expect(receiver.requests).toHaveLength(3);
    for (const { body } of receiver.requests) expect(body.length).toBeLessThan(1_000_000);
  });
});

describe("making sinks", () => {
  it.each([
    [
      { type: "webhook", url: "https://s.example", secret: "env:MISSING" },
      "webhook: env:MISSING: is not set",
    ],
    [
      { type: "splunk-hec", url: "https://s.example", token: "file:/nowhere" },
      "splunk-hec: file:/nowhere: could not be read (ENOENT)",
    ],
    [
      {
        type: "webhook",
        url: "https://s.example",
        headers: { Authorization: "Bearer env:MISSING" },
      },
      "webhook: env:MISSING: is not set",
    ],
    [{ type: "webhook", url: "https://s.example", caFile: "/nowhere/ca.pem" }, "webhook: ENOENT"],
  ])("fails at the start for %j", async (options, message) => {
    await expect(sinkOf(options)).rejects.toThrow(message);
  });

  it("reads a certificate authority", async () => {
    const directory = await mkdtemp(join(tmpdir(), "keyhawk-ca-"));
    await writeFile(join(directory, "ca.pem"), "");
    await using sink = await sinkOf({
      type: "webhook",
      url: "https://s.example",
      caFile: join(directory, "ca.pem"),
    });
    expect(sink.name).toBe("webhook");
    await rm(directory, { recursive: true });
  });
});

describe("packing", () => {
  it.each([
    [[1, 1, 1], { items: 2, bytes: 9 }, [[1, 1], [1]]],
    [[4, 4, 4], { items: 9, bytes: 8 }, [[4, 4], [4]]],
    [[9, 1, 9], { items: 9, bytes: 5 }, [[9], [1], [9]]],
    [[], { items: 9, bytes: 5 }, []],
  ])("%j within %o is %j", (sizes, limits, expected) => {
    const packets = pack(sizes, limits, (size) => size);
    expect(packets.map(({ items }) => items)).toEqual(expected);
    for (const { start, items } of packets)
      expect(sizes.slice(start, start + items.length)).toEqual(items);
  });
});

describe("an operational alert", () => {
  const finding = {
    detector: "gap",
    subject: "trail/shard-1",
    title: "Records were lost",
    summary: "four hours are missing",
    score: 75,
    atMs: Date.UTC(2026, 2, 14),
    observed: { hours: 4 },
    triage: ["Replay the trail of that time."],
  };

  it("is a valid alert whose one reason weighs its score", () => {
    const alert = Alert.parse(operationalAlert(finding));
    expect(alert).toMatchObject({ severity: "high", reasons: [{ weight: 0.75 }], revision: 0 });
  });

  it("has the same id when it is made again, and another one for another subject or time", () => {
    const { alertId } = operationalAlert(finding);
    expect(operationalAlert({ ...finding, title: "other", atMs: finding.atMs + 1 }).alertId).toBe(
      alertId,
    );
    expect(operationalAlert({ ...finding, subject: "trail/shard-2" }).alertId).not.toBe(alertId);
    expect(operationalAlert({ ...finding, atMs: finding.atMs + 1000 }).alertId).not.toBe(alertId);
    expect(operationalAlert({ ...finding, detector: "other" }).alertId).not.toBe(alertId);
  });

  it("says which time of a stream was lost", () => {
    const [fromMs, toMs] = [Date.UTC(2026, 2, 13), Date.UTC(2026, 2, 14)];
    const notice = { kind: "gap", subject: "trail/shard-1", text: "a day is missing" } as const;
    const alert = Alert.parse(noticeAlert({ ...notice, fromMs, toMs }));
    expect(alert).toMatchObject({
      detector: "gap",
      summary: "a day is missing",
      window: { start: "2026-03-13T00:00:00.000Z", end: "2026-03-14T00:00:00.000Z" },
    });
    const unknown = { ...notice, fromMs: undefined, toMs: undefined };
    expect(Alert.parse(noticeAlert(unknown)).alertId).toBe(noticeAlert(unknown).alertId);
  });
});
