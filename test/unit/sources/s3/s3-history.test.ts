import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { historySource } from "../../../../src/sources/history-source.ts";
import type { HistoryOptions } from "../../../../src/sources/history-source.ts";
import { s3Client } from "../../../../src/sources/s3/s3-client.ts";
import { fetchObject } from "../../../../src/sources/s3/fetch-object.ts";
import { bucketOf } from "../../../support/bucket.ts";
import type { TestBucket } from "../../../support/bucket.ts";
import { collect } from "../../../support/collect.ts";
import { startFaultProxy } from "../../../support/fault-proxy.ts";
import type { FaultProxy, ProxiedRequest } from "../../../support/fault-proxy.ts";
import {
  idOf,
  idsIn,
  lines,
  logFile,
  recordAt,
  silent,
  smallBatches,
  trailKey,
} from "../../../support/history-world.ts";

let bucket: TestBucket;
let proxy: FaultProxy;

beforeAll(async () => {
  bucket = await bucketOf({});
  proxy = await startFaultProxy(bucket.options.endpoint ?? "");
});
afterEach(() => proxy.plan(undefined));
afterAll(async () => {
  await proxy.stop();
  await bucket[Symbol.asyncDispose]();
});

function source(paths: string[], options: Partial<HistoryOptions> = {}) {
  const s3 = { ...bucket.options, endpoint: proxy.endpoint };
  return historySource(paths, { ...smallBatches, s3, ...options }, silent);
}

/** Prefixes that were listed, in order. */
function listedPrefixes(requests: readonly string[]): string[] {
  return requests.flatMap((path) => {
    const query = new URL(path, "http://s3").searchParams;
    return query.get("list-type") === "2" ? [query.get("prefix") ?? ""] : [];
  });
}

describe("dates prune what is listed and fetched", () => {
  const days = ["2025-12-31", "2026-03-13", "2026-03-14", "2026-03-15", "2026-04-01", "2027-01-01"];
  const root = "pruned/AWSLogs/111122223333/CloudTrail/us-east-1/";

  it("to the dates of delivery from the first event's to one day after the last's", async () => {
    for (const [index, day] of days.entries()) {
      const key = `pruned/${trailKey("111122223333", "us-east-1", `${day}T00:10`)}`;
      await bucket.write({ [key]: logFile([recordAt(`${day}T00:05:00Z`, index)]) });
    }
    const requests: string[] = [];
    proxy.plan(({ path }: ProxiedRequest) => void requests.push(path));
    const window = {
      fromMs: Date.parse("2026-03-14T00:00:00Z"),
      toMs: Date.parse("2026-03-14T12:00:00Z"),
    };
    const { eventIds, batches } = await collect(source([`${bucket.url}/pruned`], window));
    expect(eventIds).toEqual([idOf(2)]);
    const below = listedPrefixes(requests).filter((prefix) => prefix.startsWith(root));
    expect(below.toSorted()).toEqual([
      root,
      `${root}2026/`,
      `${root}2026/03/`,
      `${root}2026/03/14/`,
      `${root}2026/03/15/`,
    ]);
    expect(requests.filter((path) => path.includes("GetObject"))).toHaveLength(2);
    const records = batches.reduce((sum, { counts }) => sum + counts.records, 0);
    const kmsEvents = batches.reduce((sum, { counts }) => sum + counts.kmsEvents, 0);
    expect({ records, kmsEvents }).toEqual({ records: 2, kmsEvents: 1 });
  });
});

describe("what s3://bucket/prefix names", () => {
  const time = "2026-03-14T00:00:00Z";

  it.each([
    ["names/a.ndjson", [1]],
    ["names", [1, 2]],
    ["names/", [1, 2]],
    ["names/exports/2", [2]],
    ["nam", [1, 2, 3]],
  ])("%s", async (path, ids) => {
    await bucket.write({
      "names/a.ndjson": lines([recordAt(time, 1)]),
      "names/exports/2026.ndjson": lines([recordAt(time, 2)]),
      "names-of-others.json": lines([recordAt(time, 3)]),
    });
    const { eventIds } = await collect(source([`${bucket.url}/${path}`]));
    expect(eventIds).toEqual(ids.map(idOf));
  });

  it("more objects than one page of a listing", async () => {
    const files = Array.from({ length: 1030 }, (_, index) => [
      `paged/${trailKey("111122223333", "us-east-1", "2026-03-14T00:10", String(index))}`,
      logFile([recordAt(Date.parse(time) + index, index)]),
    ]);
    await bucket.write(Object.fromEntries(files) as Record<string, Uint8Array>);
    const { eventIds } = await collect(source([`${bucket.url}/paged`], { batch: {} }));
    expect(eventIds).toHaveLength(1030);
  });
});

describe("what goes wrong", () => {
  it.each([
    ["s3://no-such-bucket/x", "usage", "there is no such bucket"],
    ["s3://trail-archive/no-such-folder", "usage", "there is no such object or folder"],
    ["s3://trail-archive/no-such-folder/", "usage", "there is no such object or folder"],
    ["s3://", "usage", "expected s3://BUCKET/PREFIX"],
  ])("%s is an error of usage that names it", async (path, code, problem) => {
    const failure = collect(source([path]));
    await expect(failure).rejects.toMatchObject({ name: "SourceError", code });
    await expect(failure).rejects.toThrow(problem);
    await expect(failure).rejects.toThrow(path.replace("s3://no-such-bucket/x", "no-such-bucket"));
  });

  it.each([
    ["s3:ListBucket", "list-type=2", /^s3:\/\/trail-archive\/denied.*s3:ListBucket is not allowed/],
    ["s3:GetObject", "GetObject", /^s3:\/\/trail-archive\/denied.*s3:GetObject is not allowed/],
  ])("a missing permission for %s is an error that names it", async (_, request, message) => {
    const key = `denied/${trailKey("111122223333", "us-east-1", "2026-03-14T00:10")}`;
    await bucket.write({ [key]: logFile([recordAt("2026-03-14T00:00:00Z", 1)]) });
    await using refusing = await refuse(bucket.options.endpoint ?? "", (path) =>
      path.includes(request),
    );
    const failure = collect(
      source([`${bucket.url}/denied/`], { s3: { ...bucket.options, endpoint: refusing.endpoint } }),
    );
    await expect(failure).rejects.toMatchObject({ code: "access" });
    await expect(failure).rejects.toThrow(message);
  });

  it("one object that may not be read among others is a dead letter", async () => {
    const keys = ["00:10", "00:20", "00:30"].map(
      (time) => `partly/${trailKey("111122223333", "us-east-1", `2026-03-14T${time}`)}`,
    );
    const records = keys.map((_, index) =>
      recordAt(Date.parse("2026-03-14T00:00:00Z") + index, index),
    );
    for (const [index, key] of keys.entries()) {
      await bucket.write({ [key]: logFile(records.slice(index, index + 1)) });
    }
    await using refusing = await refuse(bucket.options.endpoint ?? "", (path) =>
      /T0030Z.*GetObject/.test(path),
    );
    const { eventIds, batches } = await collect(
      source([`${bucket.url}/partly`], {
        s3: { ...bucket.options, endpoint: refusing.endpoint },
      }),
    );
    expect(eventIds).toEqual(idsIn(records.slice(0, 2)));
    const letters = batches.flatMap(({ deadLetters }) => deadLetters);
    expect(letters).toMatchObject([{ reason: "unreadable", origin: `${bucket.url}/${keys[2]}` }]);
  });

  it("a large object whose connection breaks is read on where it broke", async () => {
    const records = Array.from({ length: 2000 }, (_, index) =>
      recordAt(Date.parse("2026-03-14T00:00:00Z") + index * 1000, index),
    );
    await bucket.write({ "long/trail.ndjson": lines(records) });
    const ranges: (string | undefined)[] = [];
    await using breaking = await breakBodies(bucket.options.endpoint ?? "", ranges);
    const { eventIds, batches } = await collect(
      source([`${bucket.url}/long`], {
        batch: {},
        s3: { ...bucket.options, endpoint: breaking.endpoint },
      }),
    );
    expect(eventIds).toEqual(idsIn(records));
    expect(batches.flatMap(({ deadLetters }) => deadLetters)).toEqual([]);
    expect(ranges.length).toBeGreaterThan(2);
    expect(ranges[0]).toBeUndefined();
    expect(ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
  });

  it("broken connections are passed over by trying again", async () => {
    const records = Array.from({ length: 8 }, (_, index) =>
      recordAt(Date.parse("2026-03-14T00:00:00Z") + index, index),
    );
    for (const [index, record] of records.entries()) {
      const key = trailKey("111122223333", "us-east-1", "2026-03-14T00:10", String(index));
      await bucket.write({ [`cut/${key}`]: logFile([record]) });
    }
    let request = 0;
    proxy.plan(() => {
      request += 1;
      if (request % 4 === 0) return { kind: "cut" };
      return request % 5 === 0 ? { kind: "lostAnswer" } : undefined;
    });
    const { eventIds } = await collect(source([`${bucket.url}/cut`]));
    expect(eventIds.toSorted()).toEqual(idsIn(records));
    expect(proxy.faults).toBeGreaterThan(2);
  });
});

describe("fetchObject", () => {
  it("gives the bytes, bounded", async () => {
    await bucket.write({ "one object+é.json": "0123456789" });
    const client = s3Client(bucket.options);
    const pointer = { bucket: "trail-archive", key: "one object+é.json" };
    expect(Buffer.from(await fetchObject(client, pointer)).toString()).toBe("0123456789");
    await expect(fetchObject(client, pointer, 9)).rejects.toThrow(
      "larger than the limit of 9 bytes",
    );
    const gone = fetchObject(client, { ...pointer, key: "gone" });
    await expect(gone).rejects.toThrow("s3://trail-archive/gone: there is no such object");
    client.destroy();
  });
});

/** A server in front of another that refuses some requests as S3 does. */
function refuse(target: string, isRefused: (path: string) => boolean) {
  return listen(async (incoming, outgoing) => {
    const path = incoming.url ?? "";
    if (isRefused(path)) {
      outgoing.writeHead(403, { "content-type": "application/xml" });
      outgoing.end("<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>");
      return;
    }
    const { status, headers, body } = await ask(target, incoming);
    outgoing.writeHead(status, headers);
    outgoing.end(body);
  });
}

/** A server in front of another that sends at most a part of each object and then breaks off. */
function breakBodies(target: string, ranges: (string | undefined)[]) {
  return listen(async (incoming, outgoing) => {
    const { status, headers, body } = await ask(target, incoming);
    outgoing.writeHead(status, headers);
    if (!(incoming.url ?? "").includes("GetObject") || body.length < 700_000) {
      if ((incoming.url ?? "").includes("GetObject")) ranges.push(incoming.headers.range);
      outgoing.end(body);
      return;
    }
    ranges.push(incoming.headers.range);
    outgoing.write(body.subarray(0, 600_000), () => outgoing.destroy());
  });
}

async function listen(
  answer: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>,
) {
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function ask(target: string, incoming: IncomingMessage) {
  const { authorization = "", range } = incoming.headers;
  const headers = range === undefined ? { authorization } : { authorization, range };
  const answer = await fetch(`${target}${incoming.url}`, { headers });
  const body = Buffer.from(await answer.arrayBuffer());
  const kept = ["content-type", "etag", "content-range"].flatMap((name) => {
    const value = answer.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  const size = String(body.length);
  return {
    status: answer.status,
    headers: { ...Object.fromEntries(kept), "content-length": size },
    body,
  };
}
