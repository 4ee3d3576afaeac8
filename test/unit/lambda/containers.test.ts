import { expect, it } from "vitest";
import { LearnedOrganization } from "../../../src/detection/organization.ts";
import { unpackCalls } from "../../../src/lambda/call-coding.ts";
import { CallIndex } from "../../../src/lambda/call-index.ts";
import { EntityCache } from "../../../src/lambda/entity-cache.ts";
import { EntityFolder } from "../../../src/lambda/entity-folder.ts";
import type { Counts } from "../../../src/lambda/metrics.ts";
import { engineOptions } from "../../support/detection.ts";
import { event, START_MS } from "../../support/events.ts";
import { memoryEntityStore } from "../../support/memory-entity-store.ts";

const NAME = "principal:arn:aws:iam::111122223333:role/app";

it("containers that take turns at an entity see each other's commits for a read, not for a refused write", async () => {
  const store = memoryEntityStore(() => START_MS);
  const engine = engineOptions();
  const container = () =>
    new EntityFolder({
      store,
      cache: new EntityCache(2 ** 24),
      options: {
        engine,
        organization: new LearnedOrganization(engine.organization, {}),
        notes: { current: [] },
        heard: { current: [] },
        before: { learnedUntilMs: Number.NEGATIVE_INFINITY },
      },
      now: () => START_MS,
      sleep: async () => {},
      random: Math.random,
    });
  const containers = [container(), container()];
  const counts: Counts = {};
  for (let turn = 0; turn < 6; turn += 1) {
    const loaded = (await store.load([NAME])).get(NAME);
    const work = { events: [event({ timeMs: START_MS + turn * 1000 })], toHour: -1, signs: [] };
    const deadline = { remainingMs: () => 60_000 };
    await containers[turn % 2]?.settle(NAME, work, loaded, { deadline, counts });
  }
  expect(counts).toMatchObject({ commits: 6, counted: 6 });
  expect(counts["conflicts"] ?? 0).toBe(0);
});

it("identities of hours that are over leave the index, and their segments to their expiry", () => {
  const many = new Uint8Array(8 * 600).map((_, at) => at);
  const digits = () => "0".repeat(16);
  const first = new CallIndex().plan([{ hour: 100, ids: many }], 0).complete(new Map(), digits);
  expect(first.written.map(({ bytes }) => unpackCalls(bytes).byteLength)).toEqual([8 * 600]);
  const later = first.index.plan([], 101).complete(new Map(), digits);
  expect(later).toMatchObject({ written: [], garbage: [] });
  expect(later.index.bytes).toBe(0);
});
