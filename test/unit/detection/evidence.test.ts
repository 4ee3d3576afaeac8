import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KmsEvent } from "../../../src/cloudtrail/event.ts";
import {
  addEvidence,
  type Evidence,
  mergeEvidence,
  newEvidence,
  soleKey,
} from "../../../src/detection/evidence.ts";
import { event, KEY, key, keyArn, principal } from "../../support/events.ts";

/** Events that differ in everything that is sampled. */
const events: KmsEvent[] = Array.from({ length: 40 }, (_, index) =>
  event({
    keys: [key(keyArn(index % 13))],
    region: `eu-west-${index % 12}`,
    source: { kind: "address", value: `192.0.2.${index}` },
    userAgent: `agent/${index % 15}`,
    principal: principal("app", { session: `session-${index}` }),
  }),
);

describe("evidence", () => {
  it("is the same in any order and in any parts", () => {
    const order = fc.shuffledSubarray(events, { minLength: events.length });
    fc.assert(
      fc.property(order, fc.nat({ max: events.length }), (shuffled, cut) => {
        const parts = [shuffled.slice(0, cut), shuffled.slice(cut)].map(evidenceOf);
        const [one = newEvidence(), other = newEvidence()] = parts;
        expect(evidenceOf(shuffled)).toEqual(evidenceOf(events));
        expect(mergeEvidence(one, other)).toEqual(evidenceOf(events));
        expect(mergeEvidence(other, one)).toEqual(evidenceOf(events));
      }),
    );
  });

  it("counts all and keeps ten of each", () => {
    const { count, ids, addresses, agents, keys, regions } = evidenceOf(events);
    expect(count).toBe(40);
    for (const samples of [ids, addresses, agents, keys, regions]) expect(samples).toHaveLength(10);
  });

  it("names who made the event of the smallest id", () => {
    const smallest = [...events].sort((one, other) => (one.eventId < other.eventId ? -1 : 1))[0];
    expect(evidenceOf(events).principal?.session).toBe(smallest?.principal.session);
  });

  it("names the key where it was one, and both keys of a re-encryption", () => {
    expect(soleKey(evidenceOf([event(), event()]))?.arn).toBe(KEY);
    expect(soleKey(newEvidence())).toBeNull();
    const both = evidenceOf([event({ keys: [key(KEY), key(keyArn(2))] })]);
    expect(both.keys).toEqual([KEY, keyArn(2)].sort());
    expect(soleKey(both)).toBeNull();
  });
});

function evidenceOf(given: readonly KmsEvent[]): Evidence {
  const evidence = newEvidence();
  for (const one of given) addEvidence(evidence, one);
  return evidence;
}
