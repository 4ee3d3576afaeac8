import { describe, expect, it } from "vitest";
import { covers, isOpen } from "../../../src/detection/change-window.ts";
import type { ChangeWindow } from "../../../src/detection/declarations.ts";

const base: ChangeWindow = { name: "w", owner: "ops", reason: "patches" };
const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

function weekly(weekly: Partial<NonNullable<ChangeWindow["weekly"]>>): ChangeWindow {
  return {
    ...base,
    weekly: { days: ["sat"], from: "22:00", to: "02:00", timeZone: "UTC", ...weekly },
  };
}

// 14 March 2026 is a Saturday.
describe("a change window is open", () => {
  const dated = {
    ...base,
    from: Date.parse("2026-03-14T02:00:00Z"),
    to: Date.parse("2026-03-14T04:00:00Z"),
  };
  const berlin = { days: [...days], from: "02:00", to: "03:00", timeZone: "Europe/Berlin" };
  it.each<[string, ChangeWindow, string, boolean]>([
    ["from its beginning", dated, "2026-03-14T02:00:00Z", true],
    ["not before it", dated, "2026-03-14T01:59:59Z", false],
    ["until its end", dated, "2026-03-14T03:59:59Z", true],
    ["not at its end", dated, "2026-03-14T04:00:00Z", false],
    ["each week, on its evening", weekly({}), "2026-03-14T22:00:00Z", true],
    ["and beyond midnight", weekly({}), "2026-03-15T01:59:00Z", true],
    ["and not longer", weekly({}), "2026-03-15T02:00:00Z", false],
    ["not in the night before", weekly({}), "2026-03-14T01:00:00Z", false],
    ["not on another evening", weekly({}), "2026-03-13T23:00:00Z", false],
    [
      "all day from midnight to midnight",
      weekly({ from: "00:00", to: "00:00" }),
      "2026-03-14T12:00:00Z",
      true,
    ],
    ["within a day", weekly({ from: "08:00", to: "12:00" }), "2026-03-14T09:00:00Z", true],
    ["by the clocks of its zone in winter", weekly(berlin), "2026-03-14T01:30:00Z", true],
    ["by the clocks of its zone in summer", weekly(berlin), "2026-06-14T00:30:00Z", true],
    ["not by other clocks", weekly(berlin), "2026-06-14T01:30:00Z", false],
    [
      "of a week, not before it begins to recur",
      { ...weekly({}), from: dated.from + 7 * 86_400_000 },
      "2026-03-14T23:00:00Z",
      false,
    ],
  ])("%s", (_claim, window, time, isNow) => {
    expect(isOpen(window, Date.parse(time))).toBe(isNow);
  });
});

describe("a change window covers", () => {
  const key = "arn:aws:kms:eu-west-1:111122223333:key/0b6f4a8e-1111-4c2d-9a3b-2f6d5e7c8b90";
  const role = "arn:aws:iam::111122223333:role/app";
  const about = {
    accountId: "111122223333",
    keyArn: key,
    principal: { key: role, entity: role },
  };
  it.each<[string, Partial<ChangeWindow>, Partial<typeof about> | object, boolean]>([
    ["its accounts", { accounts: ["1111*"] }, {}, true],
    ["no others", { accounts: ["4444*"] }, {}, false],
    ["nothing without an account", { accounts: ["*"] }, { accountId: null }, false],
    ["its keys", { keys: [key] }, {}, true],
    ["nothing without a key", { keys: [key] }, { keyArn: null }, false],
    ["its principals", { principals: ["arn:aws:iam::*:role/app"] }, {}, true],
    ["nothing without a principal", { principals: ["arn:*"] }, { principal: null }, false],
    [
      "only what all of its scopes cover",
      { accounts: ["111122223333"], keys: ["alias/x"] },
      {},
      false,
    ],
  ])("%s", (_claim, scope, changes, isCovered) => {
    expect(covers({ ...base, ...scope }, { ...about, ...changes }, [])).toBe(isCovered);
  });
});
