import type { DynamoDBStreamEvent } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { Budget } from "../../../src/detection/budget.ts";
import { combinationOf } from "../../../src/detection/combination.ts";
import { AlertBudgets } from "../../../src/lambda/alert-budgets.ts";
import { makeDeliverHandler } from "../../../src/lambda/deliver.ts";
import { EntityFolder } from "../../../src/lambda/entity-folder.ts";
import type { Revision } from "../../../src/lambda/entity-state.ts";
import { writeEntry } from "../../../src/lambda/outbox-entry.ts";
import { unpack } from "../../../src/lambda/packing.ts";
import { scopedOutbox } from "../../../src/lambda/scoped-outbox.ts";
import { alertOf } from "../../support/commits.ts";
import { handlerParts, timeLeft } from "../../support/topology/handler-parts.ts";

const minute = timeLeft(60_000);
const NAME = "principal:a";

describe("deliver", () => {
  it("keeps what an outbox holds, queues what is to be told, and empties it", async () => {
    const parts = await partsWith({ alert: alertOf(), told: true });
    expect(await makeDeliverHandler(parts)(changeOf(NAME), minute)).toEqual({
      batchItemFailures: [],
    });
    expect(queued(parts)).toEqual(["a1/0"]);
    expect((await parts.store.alerts.get("a1"))?.alert).toEqual(alertOf());
    expect(await parts.store.outboxes([NAME])).toEqual(new Map());
  });

  it("keeps what is muted or in the shadow, and tells nobody", async () => {
    const muted = { alert: alertOf(), told: false, mutedBy: "s1" };
    const parts = await partsWith(muted, { alert: alertOf({ alertId: "a2" }), told: false });
    await makeDeliverHandler(parts)(changeOf(NAME), minute);
    expect(queued(parts)).toEqual([]);
    expect((await parts.store.alerts.get("a1"))?.suppressedBy).toBe("s1");
    expect((await parts.store.alerts.get("a2"))?.suppressedBy).toBeUndefined();
  });

  it("puts closed alerts about a principal back as signs, but none that nobody is told of", async () => {
    const closed = alertOf({ status: "closed", revision: 1 });
    const unheard = { alert: { ...closed, alertId: "a2" }, told: false };
    const parts = await partsWith({ alert: closed, told: true }, unheard);
    await makeDeliverHandler(parts)(changeOf(NAME), minute);
    const signs = parts.seen.put.flatMap(({ data }) => unpack(data).signs);
    expect(signs).toEqual([
      { name: "combination:arn:aws:iam::111122223333:role/app app 20526", alert: closed },
    ]);
  });

  it("does it again after a crash in between, to the same end", async () => {
    const parts = await partsWith({ alert: alertOf(), told: true });
    const removeFromOutbox = async () => Promise.reject(new Error("crash"));
    const crashing = makeDeliverHandler({ ...parts, store: { ...parts.store, removeFromOutbox } });
    expect(await crashing(changeOf(NAME), minute)).toEqual({
      batchItemFailures: [{ itemIdentifier: "7" }],
    });
    await makeDeliverHandler(parts)(changeOf(NAME), minute);
    expect(queued(parts)).toEqual(["a1/0"]);
    expect(await parts.store.outboxes([NAME])).toEqual(new Map());
  });

  it("sets aside an entry that is no alert, and goes on", async () => {
    const parts = await partsWith({ alert: alertOf(), told: true });
    const { version = 0 } = parts.store.items().get(NAME) ?? {};
    const outbox = [{ id: "odd", text: "{", queuedMs: 1 }];
    await parts.store.commit({ name: NAME, version, ...item, outbox });
    await makeDeliverHandler(parts)(changeOf(NAME), minute);
    expect(parts.seen.letters.map(({ reason, origin }) => [reason, origin])).toEqual([
      ["not-an-alert", "odd"],
    ]);
    expect(queued(parts)).toEqual(["a1/0"]);
  });

  it("leaves what is no entity's change alone", async () => {
    const parts = await partsWith({ alert: alertOf(), told: true });
    await makeDeliverHandler(parts)(changeOf("none"), minute);
    expect(queued(parts)).toEqual([]);
  });
});

const item = { memory: "{}", calls: new Uint8Array(), closesAtHour: undefined };

async function partsWith(...revisions: readonly Revision[]) {
  const parts = handlerParts();
  const { engine } = parts.options;
  const outbox = revisions.map((revision) => writeEntry(revision, 1));
  await parts.store.commit({ name: NAME, version: 0, ...item, outbox });
  const budget = new Budget({ ...engine, openHours: 2 });
  return {
    ...parts,
    combination: combinationOf(engine, undefined),
    budgets: new AlertBudgets({ budget, cache: parts.cache, folder: new EntityFolder(parts) }),
    sinksFor: () => ["siem"],
    entityOf: ({ eventID }: { eventID?: string | undefined }) =>
      eventID === "none" ? undefined : eventID,
    outbox: scopedOutbox(parts.store.deliveries),
    delivery: { sendDue: async () => {} },
  };
}

function changeOf(name: string): DynamoDBStreamEvent {
  return { Records: [{ eventID: name, dynamodb: { SequenceNumber: "7" } }] };
}

function queued({ store }: Awaited<ReturnType<typeof partsWith>>): string[] {
  return store.deliveries.rows().map(({ alert }) => `${alert.alertId}/${alert.revision}`);
}
