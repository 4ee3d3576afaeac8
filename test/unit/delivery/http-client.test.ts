import type { LookupAddress } from "node:dns";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { addressPolicy, type Resolve } from "../../../src/delivery/sinks/address-policy.ts";
import {
  createHttpClient,
  type HttpClientOptions,
  retryAfter,
} from "../../../src/delivery/sinks/http-client.ts";
import { startHttpReceiver } from "../../support/http-receiver.ts";

const never = new AbortController().signal;
const message = { headers: {}, body: "{}" };

function clientOf(options: Partial<HttpClientOptions> = {}) {
  const client = createHttpClient(
    { allowPrivateNetworks: [], allowHttp: true, timeoutMs: 500, ...options },
    Date.now,
  );
  return { ...client, [Symbol.asyncDispose]: () => client.close() };
}

/** Resolves every name to addresses given, one list for each time it is asked; the last for ever. */
function resolving(...answers: string[][]): Resolve & { asked: number } {
  const resolve = (
    _name: string,
    _options: unknown,
    callback: (error: null, addresses: LookupAddress[]) => void,
  ) => {
    const answer = answers[Math.min(resolve.asked, answers.length - 1)] ?? [];
    resolve.asked += 1;
    callback(
      null,
      answer.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };
  resolve.asked = 0;
  return resolve;
}

describe("the address policy", () => {
  const nothingAllowed = addressPolicy([]);
  it.each([
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "240.0.0.1",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2001::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::127.0.0.1",
    "::169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "not an address",
    "",
  ])("refuses %s", (address) => expect(nothingAllowed.refusal(address)).toMatch(/^is /));

  it.each([
    "8.8.8.8",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "172.32.0.1",
    "100.128.0.1",
  ])("lets %s through", (address) => expect(nothingAllowed.refusal(address)).toBeUndefined());

  it("lets through what is named, and only that", () => {
    const policy = addressPolicy(["10.1.0.0/16", "fd12:3456::/32"]);
    expect(policy.refusal("10.1.2.3")).toBeUndefined();
    expect(policy.refusal("::ffff:10.1.2.3")).toBeUndefined();
    expect(policy.refusal("fd12:3456::1")).toBeUndefined();
    expect(policy.refusal("10.2.0.1")).toMatch(/private/);
    expect(policy.refusal("fd12:3457::1")).toMatch(/uniqueLocal/);
  });

  it.each([
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "100.100.100.200",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
  ])("refuses metadata at %s though everything is allowed", (address) => {
    const policy = addressPolicy(["0.0.0.0/0", "::/0"]);
    expect(policy.refusal("10.0.0.1")).toBeUndefined();
    expect(policy.refusal(address)).toBe("is a metadata address");
  });
});

describe("the HTTP client", () => {
  it.each([
    "http://127.0.0.1:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f.1:PORT/",
    "http://[::1]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://localhost:PORT/",
    "http://0:PORT/",
  ])("does not connect to %s unless its network is named", async (url) => {
    await using receiver = await startHttpReceiver(() => ({ status: 200 }));
    await using client = clientOf();
    const target = new URL(url.replace("PORT", String(receiver.port)));
    await expect(client.post(target, message, never)).rejects.toThrow(/allowPrivateNetworks/);
    expect(receiver.requests).toEqual([]);
  });

  it("connects where the network is named", async () => {
    await using receiver = await startHttpReceiver(() => ({ status: 200, body: "hello" }));
    await using client = clientOf({ allowPrivateNetworks: ["127.0.0.0/8"] });
    const answer = await client.post(new URL(receiver.url), message, never);
    expect(answer).toEqual({ status: 200, body: "hello", retryAfterMs: undefined });
  });

  it("refuses a public name that resolves to loopback", async () => {
    await using receiver = await startHttpReceiver(() => ({ status: 200 }));
    await using client = clientOf({ resolve: resolving(["127.0.0.1", "::1"]) });
    const target = new URL(`http://siem.example:${receiver.port}/`);
    await expect(client.post(target, message, never)).rejects.toThrow(
      /127\.0\.0\.1 is not a public address \(loopback\), ::1 is not/,
    );
    expect(receiver.requests).toEqual([]);
  });

  it("catches a name that is rebound between two requests", async () => {
    await using receiver = await startHttpReceiver(() => ({
      status: 200,
      headers: { connection: "close" },
    }));
    // 127.0.0.1 plays the harmless address here, and 127.0.0.2 the internal one.
    const resolve = resolving(["127.0.0.1"], ["127.0.0.2"]);
    await using client = clientOf({ resolve, allowPrivateNetworks: ["127.0.0.1/32"] });
    const target = new URL(`http://siem.example:${receiver.port}/`);
    expect((await client.post(target, message, never)).status).toBe(200);
    await expect(client.post(target, message, never)).rejects.toThrow(/127\.0\.0\.2 is not/);
    expect(resolve.asked).toBe(2);
    expect(receiver.requests).toHaveLength(1);
  });

  it("goes only to the open ones of several addresses", async () => {
    await using receiver = await startHttpReceiver(() => ({ status: 200 }));
    const resolve = resolving(["10.0.0.1", "127.0.0.1", "169.254.169.254"]);
    await using client = clientOf({ resolve, allowPrivateNetworks: ["127.0.0.0/8"] });
    const target = new URL(`http://siem.example:${receiver.port}/`);
    expect((await client.post(target, message, never)).status).toBe(200);
  });

  it("follows no redirect", async () => {
    await using receiver = await startHttpReceiver(() => ({
      status: 302,
      headers: { location: "http://169.254.169.254/latest/meta-data/" },
    }));
    await using client = clientOf({ allowPrivateNetworks: ["127.0.0.0/8"] });
    expect((await client.post(new URL(receiver.url), message, never)).status).toBe(302);
    expect(receiver.requests).toHaveLength(1);
  });

  it("reads no more of an answer than 16 KiB", async () => {
    await using receiver = await startHttpReceiver(() => "endless");
    await using client = clientOf({ allowPrivateNetworks: ["127.0.0.0/8"], timeoutMs: 5000 });
    const { body } = await client.post(new URL(receiver.url), message, never);
    expect(body).toHaveLength(16_384);
    expect(receiver.bytesWritten).toBeLessThan(16_000_000);
  });

  it("allows http only where it is said so or to a literal address that is named", async () => {
    await using receiver = await startHttpReceiver(() => ({ status: 200 }));
    const resolve = resolving(["127.0.0.1"]);
    await using client = clientOf({
      resolve,
      allowHttp: false,
      allowPrivateNetworks: ["127.0.0.0/8"],
    });
    const byName = new URL(`http://siem.example:${receiver.port}/`);
    await expect(client.post(byName, message, never)).rejects.toThrow(/only https is allowed/);
    expect((await client.post(new URL(receiver.url), message, never)).status).toBe(200);
  });

  it("says that a handshake that fails is no answer", async () => {
    const server = createServer((socket) => socket.resume().end("this is not TLS"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await using client = clientOf({ allowPrivateNetworks: ["127.0.0.0/8"] });
    const target = new URL(`https://127.0.0.1:${port}/`);
    await expect(client.post(target, message, never)).rejects.toMatchObject({
      name: "NoAnswerError",
    });
    await new Promise((resolve) => server.close(resolve));
  });
});

describe("Retry-After", () => {
  const now = Date.UTC(2026, 2, 14, 2, 0, 0);
  it.each([
    ["120", 120_000],
    ["0", 0],
    ["Sat, 14 Mar 2026 02:01:30 GMT", 90_000],
    ["Sat, 14 Mar 2026 01:00:00 GMT", 0],
    ["soon", undefined],
    ["-5", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("reads %s as %s ms", (header, ms) => expect(retryAfter(header, now)).toBe(ms));
});
