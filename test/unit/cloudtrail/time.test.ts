import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTime } from "../../../src/cloudtrail/time.ts";

describe("event time", () => {
  it.each([
    ["2026-03-14T02:11:09Z", "2026-03-14T02:11:09.000Z"],
    ["2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000Z"],
    ["2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"],
    ["2026-03-14T02:11:09.5Z", "2026-03-14T02:11:09.500Z"],
    ["2026-03-14T02:11:09.123456789Z", "2026-03-14T02:11:09.123Z"],
    ["2023-02-10 18:08:33", "2023-02-10T18:08:33.000Z"],
    ["2023-02-10 18:08:33.000000001", "2023-02-10T18:08:33.000Z"],
    ["2023-02-10 18:08:33 UTC", "2023-02-10T18:08:33.000Z"],
    ["20131102T010628Z", "2013-11-02T01:06:28.000Z"],
    ["2026-03-14T02:11:09+05:30", "2026-03-13T20:41:09.000Z"],
    ["2026-03-14T02:11:09-0800", "2026-03-14T10:11:09.000Z"],
    ["2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000Z"],
  ])("reads %s", (text, expected) => {
    expect(parseTime(text)).toBe(Date.parse(expected));
  });

  it.each([
    [undefined],
    [null],
    [1_773_454_269],
    [""],
    ["..."],
    ["2026-03-14"],
    ["2026-02-29T00:00:00Z"],
    ["2100-02-29T00:00:00Z"],
    ["2026-00-10T00:00:00Z"],
    ["2026-13-10T00:00:00Z"],
    ["2026-04-31T00:00:00Z"],
    ["2026-03-14T24:00:00Z"],
    ["2026-03-14T02:60:00Z"],
    ["2026-03-14T02:11:61Z"],
    ["1969-12-31T23:59:59Z"],
    ["2026-0x-14T02:11:09Z"],
    ["2026-03-14T02:11:09+24:00"],
    ["Jan 1, 2019 12:00:00 AM"],
  ])("does not make anything of %s", (text) => {
    expect(parseTime(text)).toBeUndefined();
  });

  it("agrees with the platform on every second from 1970 to 9999", () => {
    const seconds = fc.integer({ min: 0, max: 253_402_300_799 });
    fc.assert(
      fc.property(seconds, (second) => {
        const text = new Date(second * 1000).toISOString();
        expect(parseTime(text.replace(".000Z", "Z"))).toBe(second * 1000);
        expect(parseTime(text)).toBe(second * 1000);
      }),
    );
  });
});
