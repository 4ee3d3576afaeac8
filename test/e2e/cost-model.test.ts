import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ComparedCount, runCostTrial } from "../support/cost-trial.ts";
import { useLoopbackCredentials } from "../support/dynamodb-table.ts";
import { hasDynoxide } from "../support/dynoxide.ts";

const name = hasDynoxide
  ? "the model of costs, beside the functions at work"
  : "the model of costs (skipped: no dynoxide, see .ci/dynoxide)";

/**
 * How far the model may be off. Entities that come in bursts are committed less often than at an even rate, 20 %, and how
 * events gather into batches depends on how busy the machine is.
 */
const tolerances: Readonly<Record<string, number>> = {
  "calls of spread": 0.01,
  "PutRecords requests": 0.01,
  "records of the entity stream": 0.2,
  // A hundred events a call; from two thousand on it is less than 10 %.
  "bytes of the entity stream": 0.25,
  "payload units of the entity stream": 0.2,
  "calls of detect": 0.15,
  "commits of entities": 0.3,
  "bases of memories": 0.35,
  // On a busy machine batches are larger, and fewer segments are written.
  "segments of identities": 0.45,
  "write units, memories": 0.3,
  "write units, identities": 0.4,
  // Hours of entities that fell silent are told of later than they are counted here.
  "write units, history": 0.45,
  "write units, alerts": 0.5,
  "write units, watermarks": 0.3,
  "read units, memories": 0.5,
  "read units, identities": 0.5,
  "read units, alerts": 0.5,
  // Each container reads it each hour; on a busy machine not each is needed in each hour.
  "read units, organization": 0.6,
  "read units, tick": 0.4,
  publishes: 0,
};

describe.skipIf(!hasDynoxide)(name, () => {
  let folder = "";
  let compared: readonly ComparedCount[] = [];

  beforeAll(async () => {
    useLoopbackCredentials();
    folder = await mkdtemp(join(tmpdir(), "keyhawk-cost-"));
    compared = await runCostTrial(folder);
  }, 240_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("is compared in all that it counts", () => {
    expect(compared.map(({ what }) => what).sort()).toEqual(Object.keys(tolerances).sort());
    for (const { what, counted } of compared) expect(counted, what).toBeGreaterThan(0);
  });

  it.each(Object.entries(tolerances))("is right about %s within %d", (what, tolerance) => {
    const { predicted = 0, counted = 0 } = compared.find((own) => own.what === what) ?? {};
    const said = `${predicted} for ${counted}`;
    expect(predicted, said).toBeGreaterThanOrEqual(counted * (1 - tolerance) - 1e-6);
    expect(predicted, said).toBeLessThanOrEqual(counted * (1 + tolerance) + 1e-6);
  });
});
