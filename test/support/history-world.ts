import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { HistoryOptions } from "../../src/sources/history-source.ts";
import { silentLog } from "../../src/telemetry.ts";
import type { ParseSettings } from "../../src/sources/files/parse-items.ts";

/** How tests parse. */
export const parseSettings: ParseSettings = {
  contextHashKey: new Uint8Array(16),
  maxOpenedBytes: 512 * 1024 * 1024,
  maxRecordBytes: 1024 * 1024,
  notAfterMs: undefined,
};

/** Everything in process, in batches of few events, so that there are many places to stop at. */
export const smallBatches: HistoryOptions = {
  parse: parseSettings,
  jobs: 0,
  batch: { events: 7 },
};

export const silent = { log: silentLog };

/** A Decrypt with an id that tells its place in a trail. */
export function recordAt(time: string | number, id: number | string): TestRecord {
  const role = "arn:aws:iam::111122223333:role/ledger-writer";
  const key = "arn:aws:kms:us-east-1:111122223333:key/0f2c7d11-5a1e-4b7c-9d3e-3f6a2b8c4d5e";
  return {
    eventVersion: "1.11",
    userIdentity: {
      type: "AssumedRole",
      principalId: "AROAEXAMPLEROLEID0001:task-17",
      arn: "arn:aws:sts::111122223333:assumed-role/ledger-writer/task-17",
      accountId: "111122223333",
      sessionContext: {
        sessionIssuer: { type: "Role", arn: role, userName: "ledger-writer" },
        attributes: { creationDate: "2026-03-13T22:00:00Z", mfaAuthenticated: "false" },
      },
    },
    eventTime: `${new Date(time).toISOString().slice(0, 19)}Z`,
    eventSource: "kms.amazonaws.com",
    eventName: "Decrypt",
    awsRegion: "us-east-1",
    sourceIPAddress: "192.0.2.44",
    userAgent: "aws-sdk-js/3.1100.0 os/linux#6.1 lang/js",
    requestParameters: { encryptionContext: { ledger: "north" } },
    responseElements: null,
    eventID: idOf(id),
    readOnly: true,
    resources: [{ accountId: "111122223333", type: "AWS::KMS::Key", ARN: key }],
    eventType: "AwsApiCall",
    managementEvent: true,
    recipientAccountId: "111122223333",
    eventCategory: "Management",
  };
}

/** What tests look at of a record. */
export interface TestRecord {
  readonly eventTime: string;
  readonly eventID: string;
  readonly [field: string]: unknown;
}

/** The event id of a number, so that ids sort as numbers do. */
export function idOf(id: number | string): string {
  return typeof id === "string" ? id : `00000000-0000-4000-8000-${String(id).padStart(12, "0")}`;
}

/** A log file as CloudTrail delivers it. */
export function logFile(records: readonly unknown[]): Uint8Array {
  return gzipSync(JSON.stringify({ Records: records }));
}

/** One record a line. */
export function lines(records: readonly unknown[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

/** The key of a log file in CloudTrail's layout; `delivered` is like `2026-03-14T02:10`. */
export function trailKey(
  account: string,
  region: string,
  delivered: string,
  random = "aB3dE5fG7hJ9kL1m",
): string {
  const stamp = `${delivered.replaceAll(/[-:]/g, "")}Z`;
  const date = delivered.slice(0, 10).replaceAll("-", "/");
  const name = `${account}_CloudTrail_${region}_${stamp}_${random}.json.gz`;
  return `AWSLogs/${account}/CloudTrail/${region}/${date}/${name}`;
}

/** A folder with the given files, gone when it is closed. */
export async function folderOf(
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), "keyhawk-history-"));
  const folder: TestFolder = {
    path,
    async write(more) {
      for (const [name, content] of Object.entries(more)) {
        await mkdir(dirname(join(path, name)), { recursive: true });
        await writeFile(join(path, name), content);
      }
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
  await folder.write(files);
  return folder;
}

export interface TestFolder extends AsyncDisposable {
  readonly path: string;
  write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void>;
}

/** Event ids of the records of a list of files. */
export function idsIn(...lists: readonly (readonly TestRecord[])[]): string[] {
  return lists.flatMap((records) => records.map(({ eventID }) => eventID));
}

/** Files of every kind, in and out of CloudTrail's layout, with one that is broken and some that are not ours. */
export function mixedHistory(): {
  files: Record<string, string | Uint8Array>;
  eventIds: string[];
  deadLetters: number;
  counts: { files: number; filesSkipped: number; filesFailed: number; kmsEvents: number };
} {
  const files: Record<string, string | Uint8Array> = {};
  const eventIds: string[] = [];
  let id = 0;
  const records = (count: number, fromMs: number, stepMs: number): TestRecord[] => {
    const made = Array.from({ length: count }, (_, index) =>
      recordAt(fromMs + index * stepMs, (id += 1)),
    );
    eventIds.push(...idsIn(made));
    return made;
  };
  for (const account of ["111122223333", "444455556666"]) {
    for (const region of ["us-east-1", "eu-west-1"]) {
      for (const day of ["2026-03-13", "2026-03-14"]) {
        for (const hour of ["00", "23"]) {
          const deliveredMs = Date.parse(`${day}T${hour}:10:00Z`);
          const key = trailKey(account, region, `${day}T${hour}:10`);
          files[key] = logFile(records(3, deliveredMs - 600_000, 60_000));
        }
      }
    }
  }
  const from = Date.parse("2026-03-13T00:00:00Z");
  files["exports/forward.ndjson"] = lines(records(40, from, 3_600_000));
  files["exports/backward.jsonl.gz"] = gzipSync(lines(records(40, from, 3_500_000).toReversed()));
  files["exports/document.json"] = JSON.stringify({ Records: records(20, from, 7_000_000) });
  files["exports/list.json.gz"] = gzipSync(JSON.stringify(records(5, from, 11_000_000)));
  files["exports/broken.json"] = "this is no trail";
  files["exports/readme.txt"] = "not ours";
  files["exports/.hidden.json"] = "{}";
  files["exports/nothing.json"] = "";
  const digests = "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/03/13";
  files[`${digests}/111122223333_CloudTrail-Digest_us-east-1_x_20260313T000000Z.json.gz`] =
    gzipSync("{}");
  files["AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/03/13/flow.log.gz"] = gzipSync("x");
  const counts = { files: 20, filesSkipped: 5, filesFailed: 1, kmsEvents: eventIds.length };
  return { files, eventIds, deadLetters: 1, counts };
}

/** How the files of a trail are cut and stamped, hours of events in each and from their start to the stamp. */
export interface Cut {
  readonly hours: number;
  readonly stampHours: number;
}

/** Three accounts' events of three days, each account's in files of some hours; `records` are in the order of time. */
export function archive({ hours, stampHours }: Cut): {
  files: Record<string, Uint8Array>;
  records: TestRecord[];
} {
  const fromMs = Date.parse("2026-03-13T00:00:00Z");
  const records = Array.from({ length: 432 }, (_, id) => recordAt(fromMs + id * 600_000, id));
  const groups = Map.groupBy(records, ({ eventTime }) => {
    const id = Math.round((Date.parse(eventTime) - fromMs) / 600_000);
    const account = ["999900001111", "111122223333", "444455556666"][id % 3] ?? "";
    const slot = Math.floor((id * 600_000) / (hours * 3_600_000));
    const stamp = new Date(fromMs + (slot * hours + stampHours) * 3_600_000).toISOString();
    return trailKey(account, "us-east-1", stamp.slice(0, 16));
  });
  const files = Object.fromEntries([...groups].map(([key, group]) => [key, logFile(group)]));
  return { files, records };
}

/** Daily files of three accounts, with one that is broken, one that is not ours and a delayed record. */
export function dailyHistory(): ReturnType<typeof mixedHistory> {
  const { files, records } = archive({ hours: 24, stampHours: 24 });
  const delayed = recordAt("2026-03-13T02:00:00Z", 1000);
  const folder = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/15";
  return {
    files: {
      ...files,
      [trailKey("111122223333", "us-east-1", "2026-03-15T12:00")]: logFile([delayed]),
      [trailKey("111122223333", "us-east-1", "2026-03-15T13:00")]: "this is no trail",
      [`${folder}/notes.txt`]: "not ours",
    },
    eventIds: idsIn(records, [delayed]),
    deadLetters: 1,
    counts: { files: 10, filesSkipped: 1, filesFailed: 1, kmsEvents: 433 },
  };
}
