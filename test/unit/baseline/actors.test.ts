import { describe, expect, it } from "vitest";
import { learnActor, newActors, standingOf } from "../../../src/baseline/actors.ts";

const DAY = 24;
const ada = { name: "ada", family: "people" };
const bob = { name: "bob", family: "people" };
const eve = { name: "eve", family: "strangers" };

describe("standing", () => {
  const actors = newActors();
  for (const day of [10, 10.5, 12, 20]) learnActor(actors, ada, day * DAY);

  it.each([
    ["new before the first time", ada, 9, "new"],
    ["known after it", ada, 10, "known"],
    ["known, and not regular, by coming often on few days", ada, 19, "known"],
    ["regular from the third day on", ada, 20, "regular"],
    ["kin where only others of the family came", bob, 20, "kin"],
    ["new for strangers", eve, 20, "new"],
  ] as const)("is %s", (_name, actor, day, standing) => {
    expect(standingOf(actors, actor, day * DAY)).toBe(standing);
  });
});
