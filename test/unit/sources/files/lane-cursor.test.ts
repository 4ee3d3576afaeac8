import { describe, expect, it } from "vitest";
import { LaneCursor } from "../../../../src/sources/files/lane-cursor.ts";

const name = (stamp: string) => `202603${stamp}Z/111122223333_CloudTrail_us-east-1_x.json.gz`;
const [yesterday, morning, noon, evening] = ["13T2355", "14T0600", "14T1200", "14T1800"].map(name);
const again = (cursor: LaneCursor) => new LaneCursor(cursor.position(), "lane");

describe("a lane is read again from its position", () => {
  it("with files that were read in part, each from where it was left", () => {
    const cursor = new LaneCursor(undefined, "lane");
    cursor.open(yesterday ?? "").mark("5/a");
    cursor.open(morning ?? "").mark("5/a");
    cursor.open(noon ?? "").mark("7/b");
    cursor.open(evening ?? "").finish();
    const resumed = again(cursor);
    const files = [yesterday, morning, noon, evening].map((place = "") => [
      resumed.status(place),
      resumed.takenOf(place),
    ]);
    expect(files).toEqual([
      ["new", "5/a"],
      ["new", "5/a"],
      ["new", "7/b"],
      ["read", undefined],
    ]);
    expect(cursor.position().split("5/a")).toHaveLength(2);
  });

  it("with files that were opened, and passed by later ones before any event was taken", () => {
    const cursor = new LaneCursor(undefined, "lane");
    cursor.open(yesterday ?? "");
    cursor.open(evening ?? "").finish();
    const resumed = again(again(cursor));
    expect(resumed.status(yesterday ?? "")).toBe("new");
    expect(resumed.takenOf(yesterday ?? "")).toBeUndefined();
    expect(resumed.status(morning ?? "")).toBe("old");
  });

  it("and keeps where a file was left that is opened again but not read on", () => {
    const cursor = new LaneCursor(undefined, "lane");
    cursor.open(morning ?? "").mark("5/a");
    const second = again(cursor);
    second.open(morning ?? "");
    expect(again(second).takenOf(morning ?? "")).toBe("5/a");
    second.open(morning ?? "").finish();
    expect(again(second).takenOf(morning ?? "")).toBeUndefined();
    expect(again(second).status(morning ?? "")).toBe("read");
  });

  it("with a position that does not grow with the files that were read", () => {
    const cursor = new LaneCursor(undefined, "lane");
    const start = Date.parse("2026-03-01T00:00:00Z");
    for (let at = 0; at < 2000; at += 1) {
      const iso = new Date(start + at * 300_000).toISOString().replaceAll(/[-:]/g, "");
      cursor.open(`${iso.slice(0, 13)}Z/file`).finish();
    }
    expect(cursor.position().length).toBeLessThan(600);
    expect(again(cursor).settledBefore).toBeGreaterThan(1980);
  });
});
