import { describe, expect, it } from "vitest";
import { callIdentities } from "../../../src/detection/call-identity.ts";
import { event } from "../../support/events.ts";

const ID = "0a1b2c3d-0000-4000-8000-0000fedcba98";

describe("the identity of a call", () => {
  it("is the first and the last 32 bits of a UUID, in either case", () => {
    const expected = { high: 0x0a1b_2c3d, low: 0xfedc_ba98, hasShared: false };
    expect(callIdentities(event({ eventId: ID }))).toMatchObject(expected);
    expect(callIdentities(event({ eventId: ID.toUpperCase() }))).toMatchObject(expected);
  });

  it.each([
    ["an empty text", ""],
    ["a short one", "evt-1"],
    ["one that only looks like a UUID", "0a1b2c3d-0000-4000-8000-0000fedcbag8"],
    ["one that starts wrongly", "0a1b2c3g-0000-4000-8000-0000fedcba98"],
    ["one longer than a UUID", `${ID}0`],
  ])("is a hash of %s", (_name, eventId) => {
    const { high, low } = callIdentities(event({ eventId }));
    const words = [high, low];
    for (const one of words) expect(Number.isInteger(one) && one >= 0 && one < 2 ** 32).toBe(true);
    expect(words).not.toEqual([0, 0]);
    const changed = callIdentities(event({ eventId: `${eventId}x` }));
    expect([changed.high, changed.low]).not.toEqual(words);
    expect(callIdentities(event({ eventId }))).toMatchObject({ high, low });
  });

  it("does not count the middle of a UUID, whose ends are random already", () => {
    const other = ID.replace("-0000-4000-", "-1111-4111-");
    const { high, low } = callIdentities(event({ eventId: ID }));
    expect(callIdentities(event({ eventId: other }))).toMatchObject({ high, low });
  });

  it("of the call behind copies is that of sharedEventID, apart from an equal eventID", () => {
    const copy = callIdentities(event({ eventId: ID, sharedEventId: ID }));
    const other = callIdentities(event({ sharedEventId: ID }));
    expect(copy.hasShared).toBe(true);
    expect([copy.sharedHigh, copy.sharedLow]).toEqual([other.sharedHigh, other.sharedLow]);
    expect([copy.sharedHigh, copy.sharedLow]).not.toEqual([copy.high, copy.low]);
    expect(copy.sharedHigh).toBeGreaterThanOrEqual(0);
  });
});
