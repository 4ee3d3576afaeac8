import { describe, expect, it } from "vitest";
import { createLog, escapeControls, escapeJson, type LogLevel } from "../../src/telemetry.ts";

const hostile = "a\u001b[31m\u202e b\nwarn forged\u009b2J\u{e0041}";

function logOf(options: {
  json?: boolean;
  level?: LogLevel;
  color?: boolean;
  destroyed?: boolean;
}) {
  const lines: string[] = [];
  const stream = {
    destroyed: options.destroyed ?? false,
    write: (text: string) => lines.push(text),
  };
  const { json = false, level = "info", color = false } = options;
  return { lines, log: createLog({ json, level, stream, color }) };
}

describe("a log for people", () => {
  it("is one line: level, message, fields", () => {
    const { lines, log } = logOf({});
    log.warn(
      { shard: "shardId-1", waitMs: 200, error: new Error("reset"), nothing: undefined },
      "reads again",
    );
    expect(lines).toEqual(['warn reads again shard=shardId-1 waitMs=200 error="Error: reset"\n']);
  });

  it("keeps what came from an attacker on its line, and visible", () => {
    const { lines, log } = logOf({});
    log.info({ agent: hostile, [hostile]: 1 }, hostile);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(lines[0]).toContain(String.raw`a\x1b[31m\u202e b\x0awarn forged\x9b2J\u{e0041}`);
  });

  it("writes nothing below its level, and the time only for developers", () => {
    const quiet = logOf({ level: "warn" });
    quiet.log.info({}, "no");
    quiet.log.error({}, "yes");
    expect(quiet.lines).toEqual(["error yes\n"]);
    const verbose = logOf({ level: "debug" });
    verbose.log.debug({}, "yes");
    expect(verbose.lines[0]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z debug yes\n$/);
  });
});

describe("a log for machines", () => {
  it("is one JSON object a line with level, time and message", () => {
    const { lines, log } = logOf({ json: true });
    log.error({ shard: "s", waitMs: 200, ids: [1, 2n] }, "stopped");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      level: "error",
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      shard: "s",
      waitMs: 200,
      ids: '[1,"2"]',
      message: "stopped",
    });
  });

  it("holds no character that a terminal would obey, and means the same", () => {
    const { lines, log } = logOf({ json: true });
    log.info({ agent: hostile }, "seen");
    expect(lines[0]?.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ agent: hostile });
  });
});

describe.each([true, false])("a log (json: %s)", (json) => {
  it("never shows a secret by its name, at any depth", () => {
    const { lines, log } = logOf({ json });
    log.info(
      { clientSecret: "hunter2", request: { headers: { Authorization: "hunter2" } } },
      "sent",
    );
    expect(lines.join("")).not.toContain("hunter2");
    expect(lines.join("")).toContain("hidden");
  });

  it("takes of an error the message and the causes, never the request it carries", () => {
    const { lines, log } = logOf({ json });
    const cause = Object.assign(new TypeError("denied"), { $response: { headers: "hunter2" } });
    log.error({ error: new Error("put failed", { cause }) }, "lost");
    expect(lines.join("")).toContain("Error: put failed, caused by TypeError: denied");
    expect(lines.join("")).not.toContain("hunter2");
  });

  it("cuts what is long and survives what cannot be written", () => {
    const { lines, log } = logOf({ json });
    const cyclic: Record<string, unknown> = {};
    cyclic["self"] = cyclic;
    log.info({ long: "x".repeat(1e6), cyclic, big: 1n }, "odd");
    expect(lines.join("").length).toBeLessThan(1500);
    expect(lines.join("")).toContain("not representable");
  });

  it("says nothing to a reader who has gone", () => {
    const { lines, log } = logOf({ json, destroyed: true });
    log.error({}, "stopped");
    expect(lines).toEqual([]);
  });
});

it("text in other scripts is left alone", () => {
  expect(escapeControls("Ünïcode 日本語 🦅")).toBe("Ünïcode 日本語 🦅");
});

it("escaped JSON is equal when parsed, characters beyond the basic plane included", () => {
  const value = { "k\u200b": `${hostile}\u{e0001}🦅` };
  expect(JSON.parse(escapeJson(JSON.stringify(value)))).toEqual(value);
});
