import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bundle, bundleFunction } from "../../../infra/bundle.ts";
import { bundledSandboxes } from "../../support/lambda/bundled-sandboxes.ts";
import { lambdaFunction } from "../../support/lambda/lambda-function.ts";

const root = resolve(import.meta.dirname, "../../..");

/** Uses a client of the SDK, a CommonJS dependency, and an environment variable, as the handlers do. */
const entry = `
import { KinesisClient, ListShardsCommand } from "@aws-sdk/client-kinesis";
import { parse } from "yaml";
const endpoint = process.env.ENDPOINT;
const client = new KinesisClient({ region: "us-east-1", endpoint, maxAttempts: 1 });
export const handler = async (event) => {
  if (event.isStuck) await new Promise(() => setInterval(() => {}, 1000));
  if (event.isBad) throw new Error("bad event");
  const error = event.lists ? await client.send(new ListShardsCommand({})).catch(String) : "";
  return { yaml: parse("a: 1"), endpoint, error, thread: event.thread };
};
`;

let folder = "";
let bundle: Bundle;

beforeAll(async () => {
  folder = await mkdtemp(join(root, "node_modules", ".bundle-test-"));
  await writeFile(join(folder, "entry.ts"), entry);
  bundle = bundleFunction(join(folder, "out"), "tried", join(folder, "entry.ts"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("A function's bundle", () => {
  it("is one file and nothing beside", async () => {
    expect(await readdir(bundle.folder)).toEqual(["index.mjs"]);
    expect(bundle.bytes).toBe((await readFile(bundle.file)).length);
  });

  it("takes nothing from the runtime but Node's own modules", () => {
    const names = bundle.externals.map((name) => name.replace("node:", ""));
    expect(names).toContain("https");
    expect(names.filter((name) => !builtinModules.includes(name))).toEqual([]);
  });

  it("has its source map elsewhere", async () => {
    const map = JSON.parse(await readFile(bundle.sourceMap, "utf8")) as { sources: string[] };
    expect(map.sources.some((source) => source.endsWith("entry.ts"))).toBe(true);
    expect(await readFile(bundle.file, "utf8")).not.toContain("sourceMappingURL");
  });

  it("says what it is made of", () => {
    expect(bundle.parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(
      bundle.bytes,
    );
    expect(bundle.parts.some(({ path }) => path.includes("@aws-sdk/client-kinesis"))).toBe(true);
    expect(bundle.gzipBytes).toBeLessThan(bundle.bytes / 2);
  });

  it("is the same, byte for byte, each time", async () => {
    const again = bundleFunction(join(folder, "again"), "tried", join(folder, "entry.ts"));
    expect(await readFile(again.file)).toEqual(await readFile(bundle.file));
  });

  it("fails for a broken entry", async () => {
    await writeFile(join(folder, "broken.ts"), 'import "nowhere-to-be-found";');
    expect(() => bundleFunction(folder, "broken", join(folder, "broken.ts"))).toThrow(
      "nowhere-to-be-found",
    );
  });
});

describe("A bundled handler", () => {
  it("runs in a sandbox of its own, far from any node_modules", async () => {
    const bare = await mkdtemp(join(tmpdir(), "keyhawk-bundle-"));
    const file = join(bare, "index.mjs");
    await writeFile(file, await readFile(bundle.file));
    const sandboxes = bundledSandboxes(file, {
      ENDPOINT: "http://127.0.0.1:1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    });
    const invoked = lambdaFunction({
      name: "tried",
      ...sandboxes,
      timeoutMs: 60_000,
      concurrency: 2,
    });
    expect(await invoked.invoke('{"lists":true}')).toEqual({
      status: "answered",
      answer: {
        yaml: { a: 1 },
        endpoint: "http://127.0.0.1:1",
        error: expect.stringContaining("ECONNREFUSED"),
      },
    });
    expect(await invoked.invoke('{"isBad":true}')).toEqual({
      status: "failed",
      error: expect.stringContaining("bad event"),
    });
    expect(await invoked.invoke('{"isStuck":true}', { timeoutMs: 20, kills: true })).toEqual({
      status: "timed out",
    });
    await invoked.settled();
    expect((await invoked.invoke("{}")).status).toBe("answered");
    expect(invoked.sandboxes).toBe(3);
    await invoked.stop();
    await rm(bare, { recursive: true });
  });
});
