import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { collect, commit } from "../../../support/collect.ts";
import { broken, seededPlan, startFaultProxy, throttled } from "../../../support/fault-proxy.ts";
import { type KinesisServer, startKinesalite } from "../../../support/kinesalite.ts";
import { openWorld, type StreamWorld } from "./stream-world.ts";

const ROUNDS = 5;
let server: KinesisServer;

beforeAll(async () => {
  server = await startKinesalite();
});
afterAll(() => server.stop());

describe.concurrent("whatever happens to the shards, the network and the process", () => {
  it.for([1, 2, 3, 4])("every record is committed exactly once, seed %i", async (seed, context) => {
    const random = randomOf(seed);
    const world = await openChaos(context, seed);
    const put: string[] = [];
    const committed: string[] = [];
    let positions: ReadonlyMap<string, string> = new Map();

    for (let round = 0; round <= ROUNDS; round += 1) {
      const disturbed = round < ROUNDS ? disturb(world, random, put) : Promise.resolve();
      await (random() < 0.5 ? disturbed : undefined);
      const enough = round < ROUNDS ? 1 + Math.floor(random() * 5) : Infinity;
      const source = world.source({ recordsPerRead: 3, prefetchBytes: 40, alignmentMs: 0 });
      const { batches } = await collect(source, {
        positions,
        until: async (collected) => {
          await disturbed;
          const all = new Set([...committed, ...collected.eventIds]);
          return collected.batches.length >= enough || all.size === put.length;
        },
      });
      // A process killed between reading and committing has read its last batches for nothing.
      const survived =
        round < ROUNDS ? batches.slice(0, Math.ceil(random() * batches.length)) : batches;
      positions = commit(positions, survived);
      committed.push(...survived.flatMap((batch) => batch.events.map((event) => event.eventId)));
      expect(survived.flatMap((batch) => batch.notices)).toEqual([]);
    }
    expect(committed.toSorted()).toEqual(put.toSorted());
  });
});

async function openChaos(
  { onTestFinished }: Pick<TestContext, "onTestFinished">,
  seed: number,
): Promise<StreamWorld> {
  const plan = seededPlan(seed, [
    { fault: throttled, probability: 0.05 },
    { fault: broken, probability: 0.05 },
    { fault: { kind: "lostAnswer" }, probability: 0.05 },
    { fault: { kind: "error", name: "ExpiredIteratorException" }, probability: 0.05 },
  ]);
  const proxy = await startFaultProxy(server.endpoint, (request) => {
    const fault = plan(request);
    const expiry = fault?.kind === "error" && fault.name === "ExpiredIteratorException";
    return expiry && request.operation !== "GetRecords" ? undefined : fault;
  });
  const world = await openWorld(server.endpoint, { shards: 2, endpoint: proxy.endpoint });
  onTestFinished(async () => {
    world.close();
    await proxy.stop();
  });
  return world;
}

/** Puts some records, changes the shards, and puts some more. */
async function disturb(world: StreamWorld, random: () => number, put: string[]): Promise<void> {
  const putSome = async () => {
    for (const shard of await world.open()) {
      const length = 1 + Math.floor(random() * 5);
      const fresh = Array.from({ length }, (_, index) => `e${put.length + index}`);
      put.push(...fresh);
      await world.put(shard, ...fresh);
    }
  };
  await putSome();
  const open = (await world.producer.openShards()).toSorted((left, right) =>
    Number(
      BigInt(left.HashKeyRange?.StartingHashKey ?? 0) -
        BigInt(right.HashKeyRange?.StartingHashKey ?? 0),
    ),
  );
  const index = Math.floor(random() * open.length);
  const [chosen, neighbour] = [open[index]?.ShardId ?? "", open[index + 1]?.ShardId];
  if (random() < 0.6 && neighbour !== undefined) {
    await world.producer.merge(chosen, neighbour);
  } else {
    await world.producer.split(chosen);
  }
  await putSome();
}

/** Numbers from 0 to 1, the same for the same seed (a linear congruence, Numerical Recipes). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}
