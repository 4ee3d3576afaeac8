import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Alert } from "../../src/detection/alert.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { createState } from "../support/e2e-state.ts";
import { keyhawk } from "../unit/commands/command-line.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.parse("2026-02-02T00:00:00Z");
const role = "arn:aws:iam::111122223333:role/reports";

describe("an alert that was accepted as normal", () => {
  let folder = "";
  let state = "";
  let alertId = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "keyhawk-accepted-"));
    await writeFile(join(folder, "first.ndjson"), linesOf(recordsOf(0, 11)));
    await writeFile(join(folder, "second.ndjson"), linesOf(recordsOf(11, 14)));
    state = await createState(join(folder, "state"));
    await replay(state, "first.ndjson");
    const [spike] = await spikes(state);
    alertId = spike?.alert.alertId ?? "";
    const closing = ["alerts", "close", alertId, "--verdict", "benign", "--by", "mia"];
    await ok(...closing, "--accept", "--note", "monthly report", "--state", state);
    await replay(state, "second.ndjson");
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("is quiet when the like of it comes again, and loud when more of it comes", async () => {
    const [first, again, more] = await spikes(state);
    expect(first?.alert).toMatchObject({ severity: "critical", alertId });
    expect(again?.alert).toMatchObject({ severity: "informational", score: 5 });
    expect(again?.suppressedBy).toMatch(/^a-/);
    expect(again?.alert.reasons.at(-1)?.text).toMatch(/by mia until .*: monthly report/);
    expect(more?.alert.score).toBeGreaterThanOrEqual(70);
    expect(more?.suppressedBy).toBeUndefined();
  });

  it("counts its hits and says what it lets pass", async () => {
    const [listed] = (await ok("baseline", "accepted", "--format", "json", "--state", state)).split(
      "\n",
    );
    expect(JSON.parse(listed ?? "")).toMatchObject({ hits: 1, owner: "mia" });
    const shown = (await ok("baseline", "show", role, "--state", state)).replaceAll(/\s+/g, " ");
    expect(shown).toMatch(/decrypt-spike accepted as normal from .* by mia \(monthly report\)/);
  });

  it("leads a replay from the start to the same alerts where the acceptance is known", async () => {
    const fresh = await createState(join(folder, "fresh"));
    await copyAcceptances(state, fresh);
    await replay(fresh, "first.ndjson", "second.ndjson");
    expect(gradesOf(await spikes(fresh))).toEqual(gradesOf(await spikes(state)));
  });

  it("is carried to another state with the baseline", async () => {
    const file = join(folder, "carried.ndjson");
    await ok("baseline", "export", "--state", state, "--out", file);
    const carried = join(folder, "carried");
    await ok("baseline", "import", file, "--state", carried);
    const [here, there] = await Promise.all([state, carried].map(acceptedIn));
    expect(there).toEqual({ ...here, hits: 0 });
  });

  it("once ended, is ended from the next hour on and keeps its record", async () => {
    const [listed = ""] = (
      await ok("baseline", "accepted", "--format", "json", "--state", state)
    ).split("\n");
    const { id } = JSON.parse(listed) as { id: string };
    await ok("baseline", "unaccept", id, "--state", state);
    await writeFile(join(folder, "third.ndjson"), linesOf(spikeOf(14, 320)));
    await replay(state, "third.ndjson");
    const all = await spikes(state);
    expect(all.map(({ suppressedBy }) => suppressedBy)).toEqual([
      undefined,
      id,
      undefined,
      undefined,
    ]);
  });

  async function ok(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await keyhawk(args);
    if (status !== 0) throw new Error(`${args.join(" ")}: ${status}: ${stderr}`);
    return stdout;
  }

  const replay = (directory: string, ...files: string[]) =>
    ok("replay", ...files.map((file) => join(folder, file)), "--state", directory);

  /** Its alerts on single hours, the oldest first. */
  async function spikes(directory: string) {
    await using store = await openSqliteStore(directory, { access: "read" });
    const kept = await store.alerts.list({ detector: "decrypt-spike" });
    return kept.filter(({ alert }) => "decryptsPerHour" in alert.observed).toReversed();
  }
});

async function acceptedIn(directory: string) {
  await using store = await openSqliteStore(directory, { access: "read" });
  return (await store.suppressions.list())[0];
}

async function copyAcceptances(from: string, to: string): Promise<void> {
  await using store = await openSqliteStore(to);
  const accepted = await acceptedIn(from);
  if (accepted !== undefined) await store.suppressions.add(accepted);
}

function gradesOf(kept: readonly { alert: Alert; suppressedBy: string | undefined }[]) {
  return kept.map(({ alert, suppressedBy }) => [alert.alertId, alert.score, suppressedBy]);
}

/** Four decrypts an hour; on the eleventh, twelfth and fourteenth day at night 300, 330 and 2,000. */
function recordsOf(fromDay: number, toDay: number): object[] {
  const habit = Array.from({ length: (toDay - fromDay) * 24 * 4 }, (_, index) =>
    decrypt(START_MS + fromDay * DAY_MS + index * (HOUR_MS / 4)),
  );
  const spikes = [...spikeOf(10, 300), ...spikeOf(11, 330), ...spikeOf(13, 2000)];
  const within = spikes.filter(
    ({ at }) => at >= START_MS + fromDay * DAY_MS && at < START_MS + toDay * DAY_MS,
  );
  return [...habit, ...within].sort((one, other) => one.at - other.at);
}

function spikeOf(day: number, count: number) {
  const start = START_MS + day * DAY_MS + 3 * HOUR_MS;
  return Array.from({ length: count }, (_, index) =>
    decrypt(start + Math.floor((index * 3000) / count) * 1000),
  );
}

let serial = 0;

function decrypt(at: number) {
  serial += 1;
  const key = "arn:aws:kms:eu-west-1:111122223333:key/0b6f4a8e-1111-4c2d-9a3b-2f6d5e7c8b90";
  return {
    at,
    eventVersion: "1.11",
    userIdentity: {
      type: "AssumedRole",
      principalId: "AROAEXAMPLE:task",
      arn: "arn:aws:sts::111122223333:assumed-role/reports/task",
      accountId: "111122223333",
      accessKeyId: "ASIAEXAMPLEEXAMPLE",
      sessionContext: {
        sessionIssuer: {
          type: "Role",
          principalId: "AROAEXAMPLE",
          arn: role,
          accountId: "111122223333",
          userName: "reports",
        },
      },
    },
    eventTime: new Date(at).toISOString().replace(".000Z", "Z"),
    eventSource: "kms.amazonaws.com",
    eventName: "Decrypt",
    awsRegion: "eu-west-1",
    sourceIPAddress: "192.0.2.10",
    userAgent: "aws-sdk-java/2.25",
    requestParameters: { keyId: key, encryptionAlgorithm: "SYMMETRIC_DEFAULT" },
    responseElements: null,
    requestID: `r-${serial}`,
    eventID: `${String(serial).padStart(8, "0")}-0000-4000-8000-000000000000`,
    readOnly: true,
    resources: [{ accountId: "111122223333", type: "AWS::KMS::Key", ARN: key }],
    eventType: "AwsApiCall",
    managementEvent: true,
    recipientAccountId: "111122223333",
    eventCategory: "Management",
  };
}

function linesOf(records: readonly object[]): string {
  return records.map((record) => `${JSON.stringify({ ...record, at: undefined })}\n`).join("");
}
