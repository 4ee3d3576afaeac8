import { describe, expect, it } from "vitest";
import {
  awayLimit,
  daysAway,
  type Gaps,
  learnActive,
  newGaps,
} from "../../../src/baseline/gaps.ts";

const DAY = 24;
const FLOOR = 30;
const START = 490_000 - (490_000 % DAY);

describe("gaps", () => {
  it("are none before any activity", () => {
    expect(daysAway(newGaps(), START)).toBe(0);
    expect(awayLimit(newGaps(), FLOOR)).toBe(FLOOR);
  });

  it("count active days, not active hours", () => {
    const gaps = newGaps();
    for (let hour = 0; hour < 48; hour += 1) learnActive(gaps, START + hour);
    expect(gaps.days).toBe(2);
    expect(gaps.usual).toBe(1);
  });

  it("say how long somebody has been away", () => {
    expect(daysAway(seen(0, 1, 2), START + 12 * DAY)).toBe(10);
  });

  it("let someone who comes daily be away for as long as the floor", () => {
    expect(awayLimit(seen(0, 1, 2, 3, 4), FLOOR)).toBe(FLOOR);
  });

  it("let someone who comes weekly be away for five weeks", () => {
    expect(awayLimit(seen(0, 7, 14, 21), FLOOR)).toBe(35);
  });

  it("know a quarterly job of three days at its third quarter", () => {
    const gaps = seen(0, 1, 2, 92, 93, 94);
    expect(awayLimit(gaps, FLOOR)).toBeGreaterThan(90);
  });

  it("do not take one absence for a habit for ever longer ones", () => {
    expect(awayLimit(seen(0, 1, 2, 3, 4, 40, 41, 42, 43, 44, 45, 46, 47), FLOOR)).toBe(48);
  });
});

/** Somebody who was active on these days. */
function seen(...days: number[]): Gaps {
  const gaps = newGaps();
  for (const day of days) learnActive(gaps, START + day * DAY);
  return gaps;
}
