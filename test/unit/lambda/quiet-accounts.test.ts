import { describe, expect, it } from "vitest";
import { hourOf } from "../../../src/baseline/calendar.ts";
import type { KmsEvent } from "../../../src/cloudtrail/event.ts";
import type { Alert } from "../../../src/detection/alert.ts";
import { Budget } from "../../../src/detection/budget.ts";
import { Engine } from "../../../src/detection/engine.ts";
import { AlertBudgets } from "../../../src/lambda/alert-budgets.ts";
import { makeDetectHandler } from "../../../src/lambda/detect.ts";
import { EntityCache } from "../../../src/lambda/entity-cache.ts";
import { EntityFolder } from "../../../src/lambda/entity-folder.ts";
import { WHOLE_NAME } from "../../../src/lambda/entity-names.ts";
import { HeardWriter } from "../../../src/lambda/heard-hours.ts";
import { readEntry } from "../../../src/lambda/outbox-entry.ts";
import { emptyParcel, pack } from "../../../src/lambda/packing.ts";
import { scopedOutbox } from "../../../src/lambda/scoped-outbox.ts";
import { makeTickHandler } from "../../../src/lambda/tick.ts";
import type { EntityStore, EntityWrite } from "../../../src/store/entity-store.ts";
import { engineOptions } from "../../support/detection.ts";
import { ACCOUNT, event, hours, principal, START_MS } from "../../support/events.ts";
import { batchOf, handlerParts, timeLeft } from "../../support/topology/handler-parts.ts";

const DAY = 24;
const STEADY = "444455556666";
const WEEKS = 10 * DAY;
const END = WEEKS + 21 * DAY;
const minute = timeLeft(60_000);

const listening = {
  ...engineOptions(),
  replay: false,
  detectors: engineOptions().detectors.filter(({ detector }) => detector.silence !== undefined),
};

describe("an account that falls silent", () => {
  const others = steady(STEADY, hours(0, END));
  const forGood = [...others, ...steady(ACCOUNT, hours(0, WEEKS))];
  const halfADay = [...forGood, ...steady(ACCOUNT, hours(WEEKS + 12, END))];
  const night = hours(0, END).filter((hour) => hour < WEEKS || hour >= WEEKS + 8);
  const everybody = [...steady(STEADY, night), ...steady(ACCOUNT, night)];
  const stops = { "for good": forGood, "for half a day": halfADay, "with all others": everybody };

  it.each(Object.entries(stops))("%s is told of as one engine tells of it", async (_, events) => {
    const expected = throughEngine(events);
    expect(expected).toHaveLength(1);
    expect(await throughHandlers(events)).toMatchObject({ alerts: expected });
  });

  it("is told of as well where nobody looks for half a day", async () => {
    const { alerts } = await throughHandlers(forGood, { every: 12 });
    expect(alerts).toEqual(throughEngine(forGood));
  });

  it("costs a write an hour, for two weeks", async () => {
    const quiet = `account:${ACCOUNT}`;
    const { written } = await throughHandlers(forGood);
    const own = written.filter(({ name }) => name === quiet).map(({ hour }) => hour);
    const afterwards = own.filter((hour) => hour > WEEKS);
    expect(new Set(afterwards).size).toBe(afterwards.length);
    expect(afterwards.length).toBeLessThanOrEqual(14 * DAY);
    expect(Math.max(...afterwards)).toBeLessThan(WEEKS + 14 * DAY + 4);
    const whole = written.filter(({ name }) => name === WHOLE_NAME);
    expect(whole.length).toBeLessThanOrEqual(END);
  });

  it("is known to be silent by hours that each container notes once", async () => {
    const { store } = handlerParts();
    const noted: (readonly number[])[] = [];
    const noteHeard = async (hours: readonly number[]) => {
      noted.push(hours);
      await store.noteHeard(hours);
    };
    const container = () => new HeardWriter({ ...store, noteHeard }, listening.detectors);
    const containers = [container(), container()];
    for (const hour of [0, 0, 1, 0, 1]) {
      for (const one of containers) await one.note(steady(STEADY, [hour]));
    }
    // The second began after the first had noted hour 0.
    expect(noted.map((hours) => hours.map((hour) => hour - hourOf(START_MS)))).toEqual([
      [0],
      [1],
      [1],
    ]);
  });

  it("shows a bug: nobody wakes it", async () => {
    const { alerts } = await throughHandlers(forGood, { closing: async () => [] });
    expect(alerts).toEqual([]);
  });

  it("shows a bug: nobody notes who was heard", async () => {
    const { alerts } = await throughHandlers(forGood, { noteHeard: async () => {} });
    expect(alerts).toEqual([]);
  });
});

/** Two calls in each of these hours. */
function steady(account: string, heard: readonly number[]): KmsEvent[] {
  const own = { recipientAccountId: account, principal: principal("app", { accountId: account }) };
  return heard.flatMap((hour) => [0, 1800].map((second) => event({ hour, second, ...own })));
}

type Told = Pick<Alert, "alertId" | "status" | "revision" | "title">;

function throughEngine(events: readonly KmsEvent[]): Told[] {
  const engine = new Engine(listening, undefined);
  const revisions: Alert[] = [];
  for (const [, own] of byHour(events)) {
    engine.process(own);
    revisions.push(...engine.take().revisions);
  }
  return lastOf(revisions);
}

/** Runs an hour at a time through the handlers, all of them warm, with a tick at the end of each or every few. */
async function throughHandlers(
  events: readonly KmsEvent[],
  {
    every = 1,
    ...planted
  }: { readonly every?: number } & Partial<Pick<EntityStore, "closing" | "noteHeard">> = {},
) {
  const parts = handlerParts(listening);
  let now = 0;
  const written: { name: string; hour: number }[] = [];
  const revisions: Alert[] = [];
  const store = {
    ...parts.store,
    async commit(write: EntityWrite) {
      written.push({ name: write.name, hour: now });
      for (const entry of write.outbox) revisions.push(...alertIn(entry));
      return await parts.store.commit({ ...write, outbox: [] });
    },
    ...planted,
  };
  const detect = makeDetectHandler({ ...parts, store });
  const tick = makeTickHandler(tickParts({ ...parts, store }));
  const heard = new HeardWriter(store, listening.detectors);
  for (const [hour, own] of byHour(events)) {
    now = hour - hourOf(START_MS);
    await heard.note(own);
    await detect(batchOf(parcel(own)), minute);
    if (now % every === 0) await tick({}, minute);
    const told = parts.seen.put.splice(0).map(({ data }) => data);
    if (told.length > 0) await detect(batchOf(...told), minute);
  }
  return { alerts: lastOf(revisions), written };
}

function parcel(events: readonly KmsEvent[]): Uint8Array {
  const accounts = Map.groupBy(events.keys(), (at) => events[at]?.recipientAccountId);
  return pack({
    ...emptyParcel,
    events: events.map((one, index) => ({ event: one, origin: "s/1", index })),
    entities: [...accounts].map(([id, own]) => ({ name: `account:${id}`, events: own })),
  });
}

function tickParts(parts: ReturnType<typeof handlerParts>) {
  const { engine } = parts.options;
  const budget = new Budget({ ...engine, openHours: engine.latenessHours + 1 });
  const cache = new EntityCache(2 ** 20);
  return {
    ...parts,
    combination: undefined,
    budgets: new AlertBudgets({ budget, cache, folder: new EntityFolder(parts) }),
    sinksFor: () => [],
    outbox: scopedOutbox(parts.store.deliveries),
    delivery: { sendDue: async () => {} },
  };
}

function alertIn(entry: Parameters<typeof readEntry>[0]): Alert[] {
  const revision = readEntry(entry);
  return revision === undefined ? [] : [revision.alert];
}

/** The last revision of each alert. */
function lastOf(revisions: readonly Alert[]): Told[] {
  const last = new Map(revisions.map((alert) => [alert.alertId, alert]));
  return [...last.values()].map(({ alertId, status, revision, title }) => ({
    alertId,
    status,
    revision,
    title,
  }));
}

function byHour(events: readonly KmsEvent[]): [number, KmsEvent[]][] {
  const sorted = [...events].sort((one, other) => one.timeMs - other.timeMs);
  return [...Map.groupBy(sorted, ({ timeMs }) => hourOf(timeMs))];
}
