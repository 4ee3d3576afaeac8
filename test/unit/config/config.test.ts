import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Config,
  ConfigError,
  configJsonSchema,
  defaultConfig,
  loadConfig,
} from "../../../src/config.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyhawk-config-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function load(text: string, name = "keyhawk.yaml"): Promise<Config> {
  const file = join(folder, name);
  await writeFile(file, text);
  return loadConfig(file);
}

/** The problems of a file, one a line, with the folder taken away. */
async function problems(text: string, name?: string): Promise<string> {
  const error = await load(text, name).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConfigError)) throw new Error("was accepted", { cause: error });
  return error.message.replaceAll(`${folder}/`, "");
}

describe("a configuration that is wrong says where, what was expected and what was found", () => {
  const cases: Record<string, [text: string, said: string]> = {
    "an unknown key names the nearest one": [
      "sourec: {}",
      'keyhawk.yaml:1:1: unknown key "sourec"; did you mean "source"?',
    ],
    "an unknown key inside a list of tagged choices": [
      "sinks:\n  - type: sns\n    topicArn: arn:aws:sns:eu-west-1:111122223333:t\n    topicARn: x",
      'keyhawk.yaml:4:5 sinks[0]: unknown key "topicARn"; did you mean "topicArn"?',
    ],
    "a key of another choice is not offered": [
      "sinks:\n  - { type: stdout, tokn: x }",
      'keyhawk.yaml:2:21 sinks[0]: unknown key "tokn"; expected one of type, name, format, ocsfVersion, minimumSeverity',
    ],
    "a tag that does not exist": [
      "sinks:\n  - type: snz",
      'keyhawk.yaml:2:11 sinks[0].type: expected one of "sns", "webhook", "splunk-hec", "file", "stdout", found "snz"',
    ],
    "a missing value stands at what it is missing from": [
      "source:\n  kinesis:\n    region: eu-west-1",
      "keyhawk.yaml:3:5 source.kinesis.stream: expected a string, found nothing",
    ],
    "a wrong type": ["state: 4", "keyhawk.yaml:1:8 state: expected a string, found 4"],
    "a list instead of a mapping": [
      "limits: []",
      "keyhawk.yaml:1:9 limits: expected a mapping, found a list",
    ],
    "an empty value": ["limits:\n", "keyhawk.yaml:1:8 limits: expected a mapping, found null"],
    "a number out of its range": [
      "detection: { latenessMinutes: -3 }",
      "keyhawk.yaml:1:31 detection.latenessMinutes: expected at least 1, found -3",
    ],
    "a detector that does not exist": [
      "detection:\n  detectors:\n    decrpyt-spike: {}",
      'keyhawk.yaml:3:5 detection.detectors: unknown key "decrpyt-spike"; did you mean "decrypt-spike"?',
    ],
    "an option of a detector": [
      "detection:\n  detectors:\n    decrypt-spike: { ratoi: 3 }",
      'keyhawk.yaml:3:22 detection.detectors.decrypt-spike: unknown key "ratoi"; did you mean "ratio"?',
    ],
    "a fraction for a whole number": [
      "limits: { recordBytes: 2000.5 }",
      "keyhawk.yaml:1:24 limits.recordBytes: expected a whole number, found 2000.5",
    ],
    "an account id": [
      "organization: { accounts: ['12'] }",
      'keyhawk.yaml:1:28 organization.accounts[0]: expected an account id of 12 digits, found "12"',
    ],
    "a date": [
      "organization:\n  approvedForeignAccounts:\n    - { account: '111122223333', owner: a, reason: b, expires: 2026-02-30 }",
      'keyhawk.yaml:3:64 organization.approvedForeignAccounts[0].expires: expected a date such as 2026-03-14 or a UTC time such as 2026-03-14T02:11:09Z, found "2026-02-30"',
    ],
    "two sources": [
      "source: { kinesis: { stream: s }, files: { paths: [a] } }",
      "keyhawk.yaml:1:9 source: expected one of kinesis and files, found a mapping",
    ],
    "a version that is not known": ["version: 2", "keyhawk.yaml:1:10 version: expected 1, found 2"],
    "two sinks of one name": [
      "sinks: [{ type: stdout }, { type: stdout }]",
      "keyhawk.yaml:1:27 sinks[1].name: another sink is named stdout already; give each its own name",
    ],
    "a principal pattern that says nothing": [
      "detection:\n  expectedPrincipals:\n    - { key: alias/x, principals: ['**'], owner: a }",
      `keyhawk.yaml:3:36 detection.expectedPrincipals[0].principals[0]: expected a principal's ARN or a pattern with *, without spaces, that does not match everything, found "**"`,
    ],
    "a key that is none": [
      "detection: { sensitiveKeys: [payments] }",
      'keyhawk.yaml:1:30 detection.sensitiveKeys[0]: expected a key ARN, a key id, an alias (alias/NAME or its ARN) or an account id; * stands for anything in an ARN or alias, found "payments"',
    ],
    "a change window without an end": [
      "detection:\n  changeWindows:\n    - { name: w, owner: a, reason: b, from: 2026-03-14, accounts: ['1*'] }",
      "keyhawk.yaml:3:7 detection.changeWindows[0]: expected from and to, or weekly, found a mapping",
    ],
    "a change window for everything": [
      "detection:\n  changeWindows:\n    - { name: w, owner: a, reason: b, from: 2026-03-14, to: 2026-03-15 }",
      "keyhawk.yaml:3:7 detection.changeWindows[0]: expected at least one of accounts, keys, principals, detectors, found a mapping",
    ],
    "a change window that ends before it begins": [
      "detection:\n  changeWindows:\n    - { name: w, owner: a, reason: b, from: 2026-03-15, to: 2026-03-14, accounts: ['1*'] }",
      "keyhawk.yaml:3:7 detection.changeWindows[0]: expected from before to, found a mapping",
    ],
    "a time zone that does not exist": [
      "detection:\n  changeWindows:\n    - { name: w, owner: a, reason: b, accounts: ['1*'], weekly: { days: [sat], from: '22:00', to: '02:00', timeZone: Mars/One } }",
      'keyhawk.yaml:3:118 detection.changeWindows[0].weekly.timeZone: expected a time zone such as Europe/Berlin, found "Mars/One"',
    ],
    "a detector of a change window that does not exist": [
      "detection:\n  changeWindows:\n    - { name: w, owner: a, reason: b, from: 2026-03-14, to: 2026-03-15, detectors: [decrpyt-spike] }",
      'keyhawk.yaml:3:85 detection.changeWindows[0].detectors[0]: expected the id of a detector, as keyhawk detectors list has it, found "decrpyt-spike"',
    ],
    "two break-glass roles of one name": [
      "detection:\n  breakGlass:\n    - { name: r, principals: ['arn:a'], owner: a }\n    - { name: r, principals: ['arn:b'], owner: a }",
      "keyhawk.yaml:4:15 detection.breakGlass[1].name: another one is named so already; give each its own name",
    ],
    "a use of one's own that is not exact": [
      "detection:\n  self:\n    - { principal: 'arn:aws:iam::111122223333:role/*', key: alias/x }",
      'keyhawk.yaml:3:20 detection.self[0].principal: expected the ARN of one role or user, without *, found "arn:aws:iam::111122223333:role/*"\nkeyhawk.yaml:3:61 detection.self[0].key: expected the ARN of one key, without *, found "alias/x"',
    ],
    "an override of a detector that does not exist": [
      "detection:\n  accountOverrides:\n    - { account: '1*', detectors: { decrpyt-spike: { shadow: true } } }",
      'keyhawk.yaml:3:37 detection.accountOverrides[0].detectors: unknown key "decrpyt-spike"; did you mean "decrypt-spike"?',
    ],
    "a severity that does not exist": [
      "detection:\n  detectors:\n    decrypt-spike: { severity: { cap: mild } }",
      'keyhawk.yaml:3:39 detection.detectors.decrypt-spike.severity.cap: expected one of "informational", "low", "medium", "high", "critical", found "mild"',
    ],
    "a file that is no mapping": [
      "just text",
      'keyhawk.yaml:1:1: expected a mapping, found "just text"',
    ],
    "a key given twice": ["state: a\nstate: b", "keyhawk.yaml:2:1: Map keys must be unique"],
  };
  it.each(Object.entries(cases))("%s", async (_name, [text, said]) => {
    expect(await problems(text)).toBe(said);
  });

  it("all problems at once, in the order of the lines", async () => {
    const text = "state: 4\nsorce: 1\nversion: 3\n";
    expect((await problems(text)).split("\n").map((line) => line.split(" ")[0])).toEqual([
      "keyhawk.yaml:1:8",
      "keyhawk.yaml:2:1:",
      "keyhawk.yaml:3:10",
    ]);
  });

  it("syntax errors of YAML and of JSON have a line and a column", async () => {
    expect(await problems("a: [1\nb: 2\n")).toMatch(/^keyhawk\.yaml:2:\d+: /);
    expect(await problems('{\n  "state" 1\n}', "keyhawk.json")).toMatch(/^keyhawk\.json:\d:\d+: /);
  });

  it("a value below an alias is located, and a bomb of aliases is refused", async () => {
    expect(await problems("limits: &a { recordBytes: 1 }\n")).toContain(
      "keyhawk.yaml:1:27 limits.recordBytes",
    );
    const bomb = ["a: &a [x,x,x,x,x,x,x,x,x]"];
    for (const [index, name] of "bcdefghi".split("").entries()) {
      const before = "abcdefgh"[index];
      bomb.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(",")}]`);
    }
    expect(await problems(bomb.join("\n"))).toMatch(/alias/i);
  });

  it("a file that is not there, a folder, a huge file", async () => {
    await expect(loadConfig(join(folder, "none.yaml"))).rejects.toThrow(
      "expected a file, found nothing",
    );
    await expect(loadConfig(folder)).rejects.toThrow("expected a file, found a folder");
    expect(await problems(`# ${"x".repeat(2 ** 20)}`)).toContain("expected at most 1048576 bytes");
  });
});

describe("a secret in clear is refused and not repeated", () => {
  const secrets: Record<string, string> = {
    "a signing secret":
      "- { type: webhook, url: 'https://siem.example/', secret: hunter2-hunter2 }",
    "a token": "- { type: splunk-hec, url: 'https://splunk.example:8088', token: hunter2-hunter2 }",
    "an authorization header":
      "- { type: webhook, url: 'https://siem.example/', headers: { Authorization: Bearer hunter2-hunter2 } }",
    "a password in a URL": "- { type: webhook, url: 'https://user:hunter2-hunter2@siem.example/' }",
  };
  it.each(Object.entries(secrets))("%s", async (_name, sink) => {
    const said = await problems(`sinks:\n  ${sink}`);
    expect(said).toContain("sinks[0].");
    expect(said).not.toContain("hunter2");
  });
});

describe("a configuration that is right", () => {
  it("everything has a default, also in a file that is empty or holds only comments", async () => {
    const expected = { ...defaultConfig(), state: join(folder, "keyhawk-state") };
    expect(await load("")).toEqual(expected);
    expect(await load("# nothing yet\n")).toEqual(expected);
  });

  it("a stream name and one sink are enough for a live consumer", async () => {
    const config = await load(
      "source: { kinesis: { stream: events } }\nsinks: [{ type: sns, topicArn: 'arn:aws:sns:eu-west-1:111122223333:t' }]",
    );
    expect(config.source?.kinesis?.stream).toBe("events");
    expect(config.sinks.map(({ name }) => name)).toEqual(["sns"]);
  });

  it("JSON is as good as YAML", async () => {
    expect((await load('{"$schema":"x","state":"here"}', "k.json")).state).toBe(
      join(folder, "here"),
    );
  });

  it("account ids keep their leading zeros without quotes", async () => {
    const config = await load("organization: { accounts: [012345678901, 111122223333] }");
    expect(config.organization.accounts).toEqual(["012345678901", "111122223333"]);
  });

  it("paths are relative to the file: state, trails, sinks, certificates, secrets in files", async () => {
    const config = await load(
      `state: there
source: { files: { paths: [trail, s3://bucket/prefix] } }
sinks:
  - { type: file, path: alerts.ndjson }
  - { type: webhook, url: "https://siem.example/", caFile: ca.pem, secret: "file:secret.txt", headers: { X-Token: "Bearer file:token.txt" } }`,
    );
    expect(config.state).toBe(join(folder, "there"));
    expect(config.source?.files?.paths).toEqual([join(folder, "trail"), "s3://bucket/prefix"]);
    expect(config.sinks).toMatchObject([
      { path: join(folder, "alerts.ndjson") },
      {
        url: "https://siem.example/",
        caFile: join(folder, "ca.pem"),
        secret: `file:${join(folder, "secret.txt")}`,
        headers: { "X-Token": `Bearer file:${join(folder, "token.txt")}` },
      },
    ]);
  });
});

describe("the JSON Schema", () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(configJsonSchema());

  it("accepts what is accepted, unfinished files included", () => {
    expect(validate({})).toBe(true);
    expect(validate({ sinks: [{ type: "stdout" }], detection: { latenessMinutes: 5 } })).toBe(true);
  });

  it("refuses unknown keys and wrong types", () => {
    expect(validate({ sourec: {} })).toBe(false);
    expect(validate({ state: 4 })).toBe(false);
  });
});
