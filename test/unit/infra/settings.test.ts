import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readKeyhawkConfiguration } from "../../../infra/keyhawk-configuration.ts";
import { loadSettings } from "../../../infra/settings.ts";
import { ConfigError } from "../../../src/config.ts";

const folder = mkdtempSync(join(tmpdir(), "keyhawk-settings-"));
afterAll(() => rmSync(folder, { recursive: true }));

function problemOf(text: string, read: (file: string) => unknown): string {
  const file = join(folder, "file.yaml");
  writeFileSync(file, text);
  try {
    read(file);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replaceAll(file, basename(file));
    throw error;
  }
  return "";
}

const settings = (ingest: string, more = "") => `account: "777788889999"
region: eu-central-1
configuration: keyhawk.yaml
ingest: ${ingest}
${more}`;
const logs =
  '{ route: logs, sender: { account: "111122223333", region: eu-central-1, logGroup: g } }';

describe("settings", () => {
  it.each([
    ["of nothing but a trail are enough", settings(logs), ""],
    [
      "with an unknown key name the nearest known one",
      settings(logs, "serverles: {}"),
      'file.yaml:5:1: unknown key "serverles"; did you mean "serverless"?',
    ],
    [
      "with an account that YAML took for a number keep its zeros",
      settings(logs).replace('"777788889999"', "012345678901"),
      "",
    ],
    [
      "with an unknown route say which there are",
      settings("{ route: trail }"),
      'file.yaml:4:18 ingest.route: expected one of "logs", "events", "objects", "existing", found "trail"',
    ],
    [
      "of a log group elsewhere are refused: a destination takes none from there",
      settings(logs.replace("region: eu-central-1", "region: eu-west-1")),
      'file.yaml:4:67 ingest.sender.region: expected the log group in eu-central-1, found "eu-west-1"',
    ],
    [
      "of a zone elsewhere are refused",
      settings(logs, "worker: { availabilityZone: eu-west-1a }"),
      'file.yaml:5:29 worker.availabilityZone: expected a zone in eu-central-1, found "eu-west-1a"',
    ],
    [
      "with a window that Lambda does not know are refused",
      settings(logs, "serverless: { detect: { batchRecords: 1, batchWindowSeconds: 301 } }"),
      "file.yaml:5:62 serverless.detect.batchWindowSeconds: expected at most 300, found 301",
    ],
    [
      "of fewer events a day than make sense are refused",
      settings(logs, "eventsPerDay: 5"),
      "file.yaml:5:15 eventsPerDay: expected at least 1000, found 5",
    ],
    [
      "with capacity that is neither bounds nor on-demand are refused",
      settings(logs, "serverless: { capacity: cheap }"),
      'file.yaml:5:25 serverless.capacity: expected on-demand, or read and write with minimum and maximum, found "cheap"',
    ],
    [
      "with capacity upside down are refused",
      settings(
        logs,
        "serverless: { capacity: { read: { maximum: 50 }, write: { minimum: 9, maximum: 3 } } }",
      ),
      "file.yaml:5:57 serverless.capacity.write: expected minimum up to maximum, found a mapping",
    ],
  ])("%s", (_, text, problem) => {
    expect(problemOf(text, loadSettings)).toBe(problem);
  });

  it.each(["organization", "identity-center"])("of the sample %s can be deployed", (name) => {
    const file = resolve("infra/samples", `${name}.yaml`);
    const { configuration } = loadSettings(file);
    expect(readKeyhawkConfiguration(configuration)).toMatchObject({ version: 1 });
  });

  it("that are missing are said to be", () => {
    expect(() => loadSettings(join(folder, "none.yaml"))).toThrow(
      "expected a file that can be read",
    );
  });
});

describe("Keyhawk's configuration for a deployment", () => {
  it.each([
    [
      "may send to what can be reached",
      "sinks: [{ type: splunk-hec, url: https://s.example, token: ssm:/t }]",
      "",
    ],
    [
      "may not write files of a machine that is not there",
      "sinks: [{ type: file, path: alerts.ndjson }]",
      "file.yaml:1:9 sinks[0]: expected a sink that other machines can be reached by, found file",
    ],
    [
      "may not take secrets from the environment of who deploys",
      "sinks: [{ type: splunk-hec, url: https://s.example, token: env:TOKEN }]",
      "file.yaml:1:9 sinks[0]: expected secretsmanager: or ssm: references, found one to a file or variable of this machine",
    ],
    [
      "is checked as `keyhawk validate` checks it",
      "sink: []",
      'file.yaml:1:1: unknown key "sink"; did you mean "sinks"?',
    ],
  ])("%s", (_, text, problem) => {
    expect(problemOf(text, readKeyhawkConfiguration)).toBe(problem);
  });
});
