import { describe, expect, it } from "vitest";
import {
  mergeSpoken,
  noteSpoken,
  spokeIn,
  spokenHours,
  type SpokenHours,
} from "../../../src/baseline/spoken-hours.ts";

describe("hours in which something was heard", () => {
  it.each<[string, SpokenHours, SpokenHours, SpokenHours]>([
    [
      "apart stay apart",
      [[1, 2]],
      [[4, 5]],
      [
        [1, 2],
        [4, 5],
      ],
    ],
    ["side by side become one", [[1, 2]], [[3, 5]], [[1, 5]]],
    ["within others add nothing", [[1, 9]], [[3, 5]], [[1, 9]]],
    [
      "that fill a gap join what is around it",
      [
        [1, 2],
        [5, 6],
      ],
      [[3, 4]],
      [[1, 6]],
    ],
    ["of nobody add nothing", [[1, 2]], [], [[1, 2]]],
  ])("%s, whoever knows them", (_, one, other, both) => {
    expect(mergeSpoken(one, other)).toEqual(both);
    expect(mergeSpoken(other, one)).toEqual(both);
  });

  it("are the same, noted one by one or together, and the oldest make room", () => {
    const apart = Array.from({ length: 40 }, (_, index) => index * 3);
    const noted: SpokenHours = [];
    for (const hour of apart) noteSpoken(noted, hour);
    const merged = mergeSpoken(
      [],
      apart.map((hour) => [hour, hour]),
    );
    expect(merged).toEqual(noted);
    expect(spokeIn(merged, 3)).toBe(false);
    expect(spokeIn(merged, 117)).toBe(true);
  });

  it("are listed one by one between two hours", () => {
    const spoken: SpokenHours = [
      [1, 3],
      [5, 5],
      [8, 9],
    ];
    expect(spokenHours(spoken, 2, 8)).toEqual([2, 3, 5, 8]);
    expect(spokenHours(spoken, 10, 20)).toEqual([]);
  });
});
