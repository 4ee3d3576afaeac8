import { describe, expect, it } from "vitest";
import { historySource } from "../../../../src/sources/history-source.ts";
import type { HistoryOptions } from "../../../../src/sources/history-source.ts";
import type { LogFields } from "../../../../src/telemetry.ts";
import { silentLog } from "../../../../src/telemetry.ts";
import { collect } from "../../../support/collect.ts";
import {
  archive,
  folderOf,
  idOf,
  idsIn,
  logFile,
  recordAt,
  smallBatches,
  trailKey,
} from "../../../support/history-world.ts";

/** Ids in the order in which they come, in batches too small to put much in order, and warnings. */
async function read(files: Record<string, Uint8Array>, options: HistoryOptions = smallBatches) {
  await using folder = await folderOf(files);
  const told: LogFields[] = [];
  const log = { ...silentLog, warn: (fields: LogFields) => told.push(fields) };
  const { eventIds } = await collect(historySource([folder.path], options, { log }));
  return { eventIds, told };
}

describe("files in CloudTrail's layout come in the order of event time", () => {
  it.each([
    ["a day, stamped at its end", { hours: 24, stampHours: 24 }],
    ["a day, stamped an hour after its end", { hours: 24, stampHours: 25 }],
    ["a day, stamped within it", { hours: 24, stampHours: 12 }],
    ["a day, stamped at its start", { hours: 24, stampHours: 0 }],
    ["an hour, stamped at its end", { hours: 1, stampHours: 1 }],
    ["an hour, stamped at its start", { hours: 1, stampHours: 0 }],
    ["14 hours, stamped at their end", { hours: 14, stampHours: 14 }],
    ["half an hour, stamped at its end", { hours: 0.5, stampHours: 0.5 }],
  ])("where each holds %s", async (_, cut) => {
    const { files, records } = archive(cut);
    const { eventIds, told } = await read(files);
    expect(eventIds).toEqual(idsIn(records));
    expect(told).toEqual([]);
  });

  it("where short files are followed by daily ones, and daily ones by short ones", async () => {
    const short = archive({ hours: 0.5, stampHours: 0.5 });
    const daily = archive({ hours: 24, stampHours: 24 });
    const from = "2026-03-14T00:00";
    for (const [first, then] of [
      [short, daily],
      [daily, short],
    ] as const) {
      const stampOf = (key: string) => /_(\d{8}T\d{4})Z_/.exec(key)?.[1] ?? "";
      const border = from.replaceAll(/[-:]/g, "");
      const files = Object.fromEntries([
        ...Object.entries(first.files).filter(([key]) => stampOf(key) <= border),
        ...Object.entries(then.files).filter(([key]) => stampOf(key) > border),
      ]);
      expect((await read(files)).eventIds).toEqual(idsIn(short.records));
    }
  });

  it("where one account has daily files and the others short ones", async () => {
    const short = archive({ hours: 0.5, stampHours: 0.5 });
    const daily = archive({ hours: 24, stampHours: 24 });
    const files = Object.fromEntries([
      ...Object.entries(short.files).filter(([key]) => !key.includes("/999900001111/")),
      ...Object.entries(daily.files).filter(([key]) => key.includes("/999900001111/")),
    ]);
    expect((await read(files)).eventIds).toEqual(idsIn(short.records));
  });

  it("where the parts of a day are stamped minute by minute in the night after it, once one night is known", async () => {
    const { records } = archive({ hours: 24, stampHours: 24 });
    const files: Record<string, Uint8Array> = {};
    for (const [account, odd] of [
      ["111122223333", 1],
      ["444455556666", 0],
    ] as const) {
      for (let part = 0; part < 9; part += 1) {
        const [day, third] = [Math.floor(part / 3), part % 3];
        const inPart = records.filter((_, at) => Math.floor(at / 48) === part && at % 2 === odd);
        const key = trailKey(account, "us-east-1", `2026-03-${14 + day}T00:1${third}`);
        files[key] = logFile(inPart);
      }
    }
    const { eventIds } = await read(files);
    expect(eventIds).toEqual(idsIn(records));
  });

  it("but for a delayed record, which is lost as little as any other", async () => {
    const files: Record<string, Uint8Array> = {};
    const from = Date.parse("2026-03-14T00:00:00Z");
    for (let at = 1; at <= 100; at += 1) {
      const records = Array.from({ length: 5 }, (_, part) =>
        recordAt(from + (at * 5 - part) * 60_000, at * 5 - part),
      );
      if (at === 50) records.push(recordAt(from, 0));
      const delivered = new Date(from + at * 300_000).toISOString().slice(0, 16);
      files[trailKey("111122223333", "us-east-1", delivered)] = logFile(records);
    }
    const { eventIds } = await read(files, { ...smallBatches, batch: { events: 1 } });
    const others = eventIds.filter((id) => id !== idOf(0));
    expect(others).toEqual(Array.from({ length: 500 }, (_, at) => idOf(at + 1)));
    expect(eventIds).toHaveLength(501);
  });
});

describe("files that hold more events than may be held at once", () => {
  const { files, records } = archive({ hours: 24, stampHours: 24 });

  it("come late with a single warning, whole", async () => {
    const { eventIds, told } = await read(files, { ...smallBatches, eventsHeld: 60 });
    expect(eventIds).not.toEqual(idsIn(records));
    expect(eventIds.toSorted()).toEqual(idsIn(records));
    expect(told).toEqual([{ events: 60 }]);
  });

  it("are not held to blame for a file that was delivered days late", async () => {
    const late = trailKey("111122223333", "us-east-1", "2026-03-15T12:00");
    const delayed = logFile([recordAt("2026-03-13T02:00:00Z", 1000)]);
    const { eventIds, told } = await read({ ...files, [late]: delayed });
    expect(eventIds.indexOf(idOf(1000))).toBeGreaterThan(100);
    expect(told).toEqual([]);
  });

  it("come in order as long as they fit", async () => {
    const { eventIds, told } = await read(files, { ...smallBatches, eventsHeld: 200 });
    expect(eventIds).toEqual(idsIn(records));
    expect(told).toEqual([]);
  });
});
