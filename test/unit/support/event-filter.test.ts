import { describe, expect, it } from "vitest";
import { type FilterPattern, passesFilter } from "../../support/lambda/event-filter.ts";

const record = { eventName: "MODIFY", dynamodb: { NewImage: { waiting: { S: "outbox" } } } };
const waiting = (conditions: FilterPattern[string]): FilterPattern => ({
  dynamodb: { NewImage: { waiting: { S: conditions } } },
});

const patterns: Record<string, { pattern: FilterPattern; passes: boolean }> = {
  "an empty pattern": { pattern: {}, passes: true },
  "one of its values": { pattern: { eventName: ["INSERT", "MODIFY"] }, passes: true },
  "none of its values": { pattern: { eventName: ["REMOVE"] }, passes: false },
  "a value deep within": { pattern: waiting(["outbox"]), passes: true },
  "another value deep within": { pattern: waiting(["inbox"]), passes: false },
  "a field that is not there": { pattern: { dynamodb: { OldImage: { S: ["x"] } } }, passes: false },
  "one field of two": { pattern: { ...waiting(["outbox"]), eventName: ["x"] }, passes: false },
  "a field that exists": { pattern: waiting([{ exists: true }]), passes: true },
  "a field that must not exist": { pattern: waiting([{ exists: false }]), passes: false },
  "a prefix": { pattern: waiting([{ prefix: "out" }]), passes: true },
};

describe("An event filter", () => {
  it.each(Object.entries(patterns))("is passed or not by %s", (_, { pattern, passes }) => {
    expect(passesFilter(record, pattern)).toBe(passes);
  });
});
