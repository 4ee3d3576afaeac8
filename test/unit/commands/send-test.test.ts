import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { keyhawk } from "./command-line.ts";

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
let folder = "";
let server: Server;
let url = "";
let answer = 204;
const received: { body: string; headers: Record<string, unknown> }[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyhawk-send-"));
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ body: Buffer.concat(chunks).toString(), headers: request.headers });
      response.writeHead(answer).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  answer = 204;
  received.length = 0;
});

async function sendTest(sinks: string, ...argv: string[]) {
  const file = join(folder, "keyhawk.yaml");
  await writeFile(file, `sinks:\n${sinks}`);
  return keyhawk(["send-test", "--config", file, ...argv], { env: { SIGNING: secret } });
}

const webhook = (more: string) =>
  `  - { type: webhook, url: "${url}", secret: "env:SIGNING", allowPrivateNetworks: [127.0.0.0/8], ${more} }\n`;

describe("send-test", () => {
  it("sends one marked alert through each sink, whatever its least severity", async () => {
    const { status, stdout } = await sendTest(
      `${webhook("minimumSeverity: critical")}  - { type: file, path: out.ndjson }\n`,
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(/webhook +webhook +ok\nfile +file +ok\n/);
    expect(received).toHaveLength(1);
    expect(received[0]?.headers).toHaveProperty("webhook-signature");
    const expected = {
      detector: "test",
      severity: "informational",
      summary: expect.stringContaining("This is a test"),
    };
    expect(JSON.parse(received[0]?.body ?? "")).toMatchObject({ data: expected });
    expect(JSON.parse(await readFile(join(folder, "out.ndjson"), "utf8"))).toMatchObject(expected);
  });

  it("says for each sink why it was not accepted, and fails, with no secret told", async () => {
    answer = 403;
    const { status, stdout, stderr } = await sendTest(
      `${webhook("name: refusing")}${webhook("name: unset").replace("env:SIGNING", "env:UNSET_SECRET")}` +
        "  - { type: file, path: good.ndjson }\n",
    );
    expect(status).toBe(1);
    expect(stdout).toMatch(/refusing +webhook +failed: .*403/);
    expect(stdout).toMatch(/unset +webhook +failed: .*UNSET_SECRET/);
    expect(stdout).toMatch(/file +file +ok/);
    expect(stdout + stderr).not.toContain(secret.slice(6));
  });

  it("sends to one sink by name, and to none by a name that does not exist", async () => {
    const sinks = `${webhook("name: one")}${webhook("name: siem")}`;
    expect(await sendTest(sinks, "--sink", "one")).toMatchObject({ status: 0 });
    expect(received).toHaveLength(1);
    const none = await sendTest(sinks, "--sink", "seim");
    expect(none).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("did you mean siem?"),
    });
    expect(received).toHaveLength(1);
  });

  it("needs a sink", async () => {
    expect(await sendTest("  []\n")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("sinks"),
    });
  });
});
