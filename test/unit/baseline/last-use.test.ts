import { describe, expect, it } from "vitest";
import { idlenessOf, learnUse, newLastUse } from "../../../src/baseline/last-use.ts";

const DAY = 24;

describe("idleness", () => {
  const use = newLastUse();
  learnUse(use, ["old", "busy"], 0, 10);
  learnUse(use, ["busy"], 30 * DAY, 10);

  it.each([
    ["in use on the day of the last use", "busy", 30 * DAY, "in use"],
    ["in use while the days have not passed", "busy", 44 * DAY, "in use"],
    ["idle once they have", "busy", 45 * DAY, "idle"],
    ["idle after weeks", "old", 31 * DAY, "idle"],
    ["idle where it never was used", "never", 31 * DAY, "idle"],
    ["unknown while the history is shorter than those days", "never", 13 * DAY, "unknown"],
  ] as const)("is %s", (_name, name, hour, idleness) => {
    expect(idlenessOf(use, name, hour, 14)).toBe(idleness);
  });

  describe("of more things than are remembered", () => {
    const small = newLastUse();
    learnUse(small, ["b", "a", "c"], 0, 2);
    learnUse(small, ["a"], 30 * DAY, 2);

    it("is known of those that are", () => {
      expect(small.days).toEqual({ a: 30, b: 0 });
      expect(idlenessOf(small, "a", 31 * DAY, 14)).toBe("in use");
    });

    it("is unknown of others as long as uses were lost", () => {
      expect(idlenessOf(small, "c", 14 * DAY, 14)).toBe("unknown");
      expect(idlenessOf(small, "c", 15 * DAY, 14)).toBe("idle");
    });

    it("makes room for new ones by forgetting the idle", () => {
      learnUse(small, ["d"], 61 * DAY, 2);
      expect(small.days).toEqual({ a: 30, d: 61 });
    });
  });
});
