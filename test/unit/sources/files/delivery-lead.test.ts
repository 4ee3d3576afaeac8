import { describe, expect, it } from "vitest";
import { DeliveryLead } from "../../../../src/sources/files/delivery-lead.ts";
import { plainEvent } from "../../../support/reading.ts";

const minuteMs = 60_000;
const stampMs = Date.parse("2026-03-14T12:00:00Z");

/** Minutes before its stamp at which a file is taken to begin, after files with events so many minutes before theirs. */
function leadMinutes(seen: readonly (readonly number[])[], previousMinutes?: number): number {
  const lead = new DeliveryLead();
  for (const minutes of seen) {
    const events = minutes.map((before, at) => plainEvent(`e${at}`, stampMs - before * minuteMs));
    lead.learn(stampMs, events);
  }
  const previousMs =
    previousMinutes === undefined ? undefined : stampMs - previousMinutes * minuteMs;
  return (stampMs - lead.beginsMs(stampMs, previousMs)) / minuteMs;
}

const aDay = Array.from({ length: 48 }, (_, at) => (48 - at) * 30);
const shortFile = [7, 5, 4];

describe("a file is taken to begin", () => {
  it.each([
    ["26 hours and a quarter before its stamp when nothing is known", [], undefined, 26 * 60 + 15],
    ["so long even where its predecessor is near, until a file was seen", [], 5, 26 * 60 + 15],
    ["a quarter of an hour before its predecessor's stamp", [shortFile], 5, 7 + 15],
    [
      "26 hours and a quarter before its stamp where its predecessor is older",
      [shortFile],
      100_000,
      26 * 60 + 15,
    ],
    ["as long before its stamp as another file of the lane did", [aDay], 5, 46 * 30 + 15],
    ["for long after one that did", [aDay, ...repeat(shortFile, 31)], 5, 46 * 30 + 15],
    ["but not for ever", [aDay, ...repeat(shortFile, 32)], 5, 7 + 15],
    ["without regard to a delayed record among 20", [[900, ...repeat(6, 20)]], 5, 6 + 15],
    ["without regard to files that hold no event", [[], shortFile, []], 5, 7 + 15],
    ["not after its stamp, where files hold what comes after it", [[-5, -60, -900]], 0, 15],
    ["at most 26 hours and a quarter before, whatever was seen", [[100_000]], 5, 26 * 60 + 15],
  ] as const)("%s", (_, seen, previous, minutes) => {
    expect(leadMinutes(seen, previous)).toBe(minutes);
  });
});

function repeat<Item>(item: Item, times: number): Item[] {
  return Array.from({ length: times }, () => item);
}
