import * as fc from "fast-check";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createDelivery, type DeliveryDependencies } from "../../../src/delivery/delivery.ts";
import { DeliveryOptions } from "../../../src/delivery/options.ts";
import { DeliveryError, type Sink } from "../../../src/delivery/sink.ts";
import { Alert } from "../../../src/detection/alert.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import type { Outbox } from "../../../src/store/store.ts";
import { silentLog } from "../../../src/telemetry.ts";
import { alertOf } from "../../support/alert-arbitrary.ts";
import { type FakeClock, fakeClock } from "../../support/fake-clock.ts";
import { type MemoryOutbox, memoryOutbox } from "../../support/memory-outbox.ts";

const START = Date.UTC(2026, 2, 14);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

type Verdict = "ok" | DeliveryError;
const failure = (options: Partial<ConstructorParameters<typeof DeliveryError>[2]> = {}) =>
  new DeliveryError("siem", "answered 503", { retryable: true, ...options });

interface FakeSink extends Sink {
  /** What it was given, with the time. */
  readonly calls: { atMs: number; ids: string[] }[];
  readonly accepted: string[];
  answer: (alert: Alert, call: number) => Verdict;
}

function fakeSink(name: string, clock: FakeClock, batchSize = 1): FakeSink {
  const sink: FakeSink = {
    name,
    batchSize,
    calls: [],
    accepted: [],
    answer: () => "ok",
    async deliver(alerts) {
      const call = sink.calls.length;
      sink.calls.push({ atMs: clock.now(), ids: alerts.map(idOf) });
      return alerts.map((alert) => {
        const verdict = sink.answer(alert, call);
        if (verdict !== "ok") return verdict;
        sink.accepted.push(idOf(alert));
        return undefined;
      });
    },
    async close() {},
  };
  return sink;
}

const idOf = ({ alertId, revision }: Alert) => `${alertId}/${revision}`;

interface Run extends AsyncDisposable {
  readonly outbox: MemoryOutbox;
  readonly delivery: ReturnType<typeof createDelivery>;
  readonly dead: string[];
}

function start(
  clock: FakeClock,
  sinks: readonly Sink[],
  options: object = {},
  changes: Partial<DeliveryDependencies> = {},
): Run {
  const outbox = memoryOutbox(clock.now);
  const dead: string[] = [];
  const stop = new AbortController();
  const delivery = createDelivery({
    outbox,
    sinks,
    options: DeliveryOptions.parse(options),
    log: silentLog,
    now: clock.now,
    sleep: clock.sleep,
    random: () => 0.5,
    onSinkDead: ({ sink }) => dead.push(sink),
    ...changes,
  });
  const running = delivery.run(stop.signal);
  return {
    outbox,
    delivery,
    dead,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

describe("delivery", () => {
  it("sends what is added at once when it is woken", async () => {
    const clock = fakeClock(START);
    const sink = fakeSink("siem", clock);
    await using run = start(clock, [sink]);
    await clock.advanceTo(START + 1);
    await run.outbox.queue(alertOf(), "siem");
    run.delivery.wake();
    await clock.advanceTo(START + 2);
    expect(sink.calls.map(({ atMs }) => atMs)).toEqual([START + 1]);
    expect(run.outbox.rows().map(({ state }) => state)).toEqual(["accepted"]);
  });

  it("misses no wake-up that comes while it is sending", async () => {
    const clock = fakeClock(START);
    const sink = fakeSink("siem", clock);
    const outbox = memoryOutbox(clock.now);
    const due: Outbox["due"] = async (...query) => {
      const entries = await outbox.due(...query);
      // Added after the outbox was read, and the bell rung before the lane listens.
      if (sink.calls.length === 0 && entries.length === 0 && outbox.rows().length === 0) {
        await outbox.queue(alertOf(), "siem");
        run.delivery.wake();
      }
      return entries;
    };
    await using run = start(clock, [sink], {}, { outbox: { ...outbox, due } });
    await clock.advanceTo(START + 1);
    expect(sink.calls.map(({ atMs }) => atMs)).toEqual([START]);
  });

  it("finds without a wake-up what another process added", async () => {
    const clock = fakeClock(START);
    const sink = fakeSink("siem", clock);
    await using run = start(clock, [sink], { pollMs: 5000 });
    await clock.advanceTo(START + 1000);
    await run.outbox.queue(alertOf(), "siem");
    await clock.advanceTo(START + 5000);
    expect(sink.calls.map(({ atMs }) => atMs)).toEqual([START + 5000]);
  });

  it("tries again after pauses that double up to the maximum, jittered over all of it", async () => {
    const clock = fakeClock(START);
    const sink = fakeSink("siem", clock);
    sink.answer = () => failure();
    const retry = { initialMs: 1000, maximumMs: 60_000 };
    await using run = start(clock, [sink], { retry });
    await run.outbox.queue(alertOf(), "siem");
    run.delivery.wake();
    await clock.advanceTo(START + 5 * MINUTE);
    const times = sink.calls.map(({ atMs }) => atMs);
    const pauses = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
    // Half of 1 s, 2 s, 4 s … 60 s, as the random number is always a half.
    expect(pauses.slice(0, 8)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  it("lets an alert rest no longer than the sink while it is the sink that fails", async () => {
    const clock = fakeClock(START);
    const sink = fakeSink("siem", clock);
    sink.answer = () => failure();
    let draws = 0;
    const random = () => (draws++ % 2 === 0 ? 0.1 : 0.9);
    await using run = start(clock, [sink], { retry: { maximumMs: 60_000 } }, { random });
    await run.outbox.queue(alertOf(), "siem");
    run.delivery.wake();
    await clock.advanceTo(START + 9500);
    expect(sink.calls.map(({ atMs }) => atMs - START)).toEqual([0, 100, 1900, 2300, 9500]);
  });

  it.each([
    [45_000, 45_000],
    [7_200_000, HOUR],
  ])("leaves a receiver alone that asks for %i ms for %i ms", async (retryAfterMs, ms) => {
    const clock = fakeClock(START);
    const sink = fakeSink("siem", clock);
    sink.answer = (_alert, call) => (call === 0 ? failure({ retryAfterMs }) : "ok");
    await using run = start(clock, [sink]);
    await run.outbox.queue(alertOf(), "siem");
    await run.outbox.queue(alertOf(), "siem");
    run.delivery.wake();
    await clock.advanceTo(START + ms - 1);
    run.delivery.wake(); // A wake-up does not cut the pause short.
    await clock.advanceTo(START + ms - 1);
    const before = sink.calls.length;
    await clock.advanceTo(START + ms + 1000);
    expect(before).toBe(2); // Both were under way together when the receiver asked.
    expect(sink.calls.length).toBeGreaterThan(before);
    expect(sink.calls.slice(2).every(({ atMs }) => atMs >= START + ms)).toBe(true);
  });

  it("keeps the revisions of an alert in order while the first one fails", async () => {
    const clock = fakeClock(START);
    const sink = fakeSink("siem", clock, 10);
    const alert = alertOf();
    sink.answer = ({ alertId, revision }, call) => {
      return alertId === alert.alertId && revision === 0 && call < 5 ? failure() : "ok";
    };
    await using run = start(clock, [sink]);
    for (const revision of [0, 1, 2]) await run.outbox.queue({ ...alert, revision }, "siem");
    await run.outbox.queue(alertOf(), "siem");
    run.delivery.wake();
    await clock.advanceTo(START + HOUR);
    const own = sink.accepted.filter((id) => id.startsWith(alert.alertId));
    expect(own).toEqual([0, 1, 2].map((revision) => `${alert.alertId}/${revision}`));
    expect(sink.accepted).toHaveLength(4);
  });

  it("lets an alert that the receiver chokes on block no other", async () => {
    const clock = fakeClock(START);
    const sink = fakeSink("siem", clock);
    const poison = alertOf();
    sink.answer = ({ alertId }) => (alertId === poison.alertId ? failure() : "ok");
    await using run = start(clock, [sink], { concurrency: 1 });
    await run.outbox.queue(poison, "siem");
    for (let count = 0; count < 20; count += 1) await run.outbox.queue(alertOf(), "siem");
    run.delivery.wake();
    await clock.advanceTo(START + 10_000);
    expect(sink.accepted).toHaveLength(20);
    expect(run.outbox.rows()[0]?.state).toBe("pending");
    expect(run.dead).toEqual([]);
  });

  it("sends all that waited as soon as a sink is back", async () => {
    const clock = fakeClock(START);
    const sink = fakeSink("siem", clock);
    sink.answer = () => (clock.now() < START + 10 * MINUTE ? failure() : "ok");
    await using run = start(clock, [sink], { retry: { maximumMs: 60_000 } });
    for (let count = 0; count < 50; count += 1) await run.outbox.queue(alertOf(), "siem");
    run.delivery.wake();
    await clock.advanceTo(START + 11 * MINUTE);
    expect(sink.accepted.toSorted()).toEqual(
      run.outbox
        .rows()
        .map(({ alert }) => idOf(alert))
        .toSorted(),
    );
    expect(new Set(sink.accepted).size).toBe(50);
    // While it was down one request at a time asked whether it was back.
    expect(sink.calls.length).toBeLessThan(50 + 30);
  });

  it("stays on time with one sink while another is down, rejects or never answers", async () => {
    const clock = fakeClock(START);
    const down = fakeSink("down", clock);
    down.answer = () => failure();
    const broken: Sink = {
      ...fakeSink("broken", clock),
      deliver: () => Promise.reject(new TypeError("secret in a message")),
    };
    const hanging: Sink = { ...fakeSink("hanging", clock), deliver: hang };
    const good = fakeSink("good", clock);
    await using run = start(clock, [down, broken, hanging, good]);
    for (let count = 0; count < 10; count += 1) {
      await run.outbox.queue(alertOf(), "down", "broken", "hanging", "good");
      run.delivery.wake();
      await clock.advanceTo(START + count * 1000);
    }
    expect(good.calls.map(({ atMs }) => atMs)).toEqual(
      Array.from({ length: 10 }, (_, count) => START + Math.max(0, count - 1) * 1000),
    );
    const [, status] = run.delivery.status();
    expect(status?.lastError).toBe("broken: failed unexpectedly (TypeError)");
  });

  it("sets aside at once what is refused for what it is, and goes on", async () => {
    const clock = fakeClock(START);
    const sink = fakeSink("siem", clock, 10);
    sink.answer = ({ title }) => (title === "bad" ? failure({ retryable: false }) : "ok");
    await using run = start(clock, [sink]);
    await run.outbox.queue(alertOf({ title: "bad" }), "siem");
    await run.outbox.queue(alertOf(), "siem");
    run.delivery.wake();
    await clock.advanceTo(START + HOUR);
    expect(run.outbox.rows()).toMatchObject([
      { state: "parked", error: "siem: answered 503", attempts: 1 },
      { state: "accepted" },
    ]);
    expect(run.delivery.status()).toMatchObject([{ state: "ok", accepted: 1, parked: 1 }]);
  });

  it("sets aside, with the reason, what failed for too long, after a last attempt", async () => {
    const clock = fakeClock(START);
    const sink = fakeSink("siem", clock);
    sink.answer = () => failure();
    await using run = start(clock, [sink], { retry: { giveUpAfterHours: 2 } });
    await run.outbox.queue(alertOf(), "siem");
    run.delivery.wake();
    await clock.advanceTo(START + 2 * HOUR - 1);
    expect(run.outbox.rows()[0]?.state).toBe("pending");
    await clock.advanceTo(START + 3 * HOUR);
    expect(run.outbox.rows()[0]).toMatchObject({
      state: "parked",
      error: "gave up after 2 h: siem: answered 503",
    });
    expect(sink.calls.at(-1)?.atMs).toBeGreaterThanOrEqual(START + 2 * HOUR);
  });
});

describe("a sink that accepts nothing", () => {
  it("is reported once, to the others, and again when it is back", async () => {
    const clock = fakeClock(START);
    const siem = fakeSink("siem", clock);
    const chat = fakeSink("chat", clock);
    siem.answer = () => (clock.now() < START + HOUR ? failure() : "ok");
    await using run = start(clock, [siem, chat], { sinkDeadAfterMinutes: 15 });
    await run.outbox.queue(alertOf(), "siem");
    run.delivery.wake();
    await clock.advanceTo(START + 15 * MINUTE - 1);
    expect(run.dead).toEqual([]);
    await clock.advanceTo(START + HOUR - 1);
    expect(run.dead).toEqual(["siem"]);
    expect(run.delivery.status()).toMatchObject([{ sink: "siem", state: "dead" }, { state: "ok" }]);
    await clock.advanceTo(START + 2 * HOUR);

    const told = run.outbox.rows().filter(({ sink }) => sink === "chat");
    expect(told.map(({ alert }) => Alert.parse(alert))).toMatchObject([
      { detector: "delivery-failing", status: "created", revision: 0, severity: "high", score: 75 },
      { detector: "delivery-failing", status: "closed", revision: 1 },
    ]);
    const [created, closed] = told.map(({ alert }) => alert);
    expect(closed?.alertId).toBe(created?.alertId);
    expect(created?.reasons.map(({ weight }) => weight)).toEqual([0.75]);
    expect(chat.accepted).toHaveLength(2);
    expect(siem.accepted).toHaveLength(1);
    expect(run.delivery.status()).toMatchObject([{ state: "ok" }, { state: "ok" }]);
  });

  it("is reported under the same id after a restart", async () => {
    const ids = [];
    const alert = alertOf();
    for (const restartMs of [0, 40 * MINUTE]) {
      const clock = fakeClock(START);
      const siem = fakeSink("siem", clock);
      siem.answer = () => failure();
      const outbox = memoryOutbox(clock.now);
      await outbox.queue(alert, "siem");
      await clock.advanceTo(START + restartMs);
      await using _run = start(clock, [siem, fakeSink("chat", clock)], {}, { outbox });
      await clock.advanceTo(START + restartMs + 30 * MINUTE);
      ids.push(outbox.rows().find(({ sink }) => sink === "chat")?.alert.alertId);
    }
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(ids[1]).toBe(ids[0]);
  });

  it("is sent nothing more once it is gone; its alerts are set aside", async () => {
    const clock = fakeClock(START);
    const siem = fakeSink("siem", clock);
    const chat = fakeSink("chat", clock);
    siem.answer = () => failure({ retryable: false, gone: true });
    await using run = start(clock, [siem, chat], { concurrency: 1 });
    for (let count = 0; count < 5; count += 1) await run.outbox.queue(alertOf(), "siem");
    run.delivery.wake();
    await clock.advanceTo(START + HOUR);
    expect(siem.calls).toHaveLength(1);
    expect(run.dead).toEqual(["siem"]);
    expect(chat.accepted).toHaveLength(1);
    expect(run.delivery.status()).toMatchObject([{ state: "gone", parked: 5 }, { state: "ok" }]);
    const own = run.outbox.rows().filter(({ sink }) => sink === "siem");
    expect(own.map(({ state }) => state)).toEqual(Array.from({ length: 5 }, () => "parked"));
  });

  it("is reported when more waits for it than may", async () => {
    const clock = fakeClock(START);
    const siem = fakeSink("siem", clock);
    const chat = fakeSink("chat", clock);
    siem.answer = () => failure();
    await using run = start(clock, [siem, chat], { outboxLimit: 3, retry: { maximumMs: 1000 } });
    for (let count = 0; count < 3; count += 1) await run.outbox.queue(alertOf(), "siem");
    run.delivery.wake();
    await clock.advanceTo(START + 5 * MINUTE);
    const told = run.outbox.rows().filter(({ sink }) => sink === "chat");
    expect(told.map(({ alert }) => alert.detector)).toEqual(["delivery-overflow"]);
  });
});

describe("an outbox that fails", () => {
  it("makes nothing be sent twice that could not be written down", async () => {
    const clock = fakeClock(START);
    const sink = fakeSink("siem", clock);
    const outbox = memoryOutbox(clock.now);
    let faults = 3;
    const accepted: Outbox["accepted"] = async (ids) => {
      faults -= 1;
      if (faults >= 0) throw new Error("disk full");
      await outbox.accepted(ids);
    };
    await outbox.queue(alertOf(), "siem");
    await using _run = start(clock, [sink], {}, { outbox: { ...outbox, accepted } });
    await clock.advanceTo(START + MINUTE);
    expect(sink.calls).toHaveLength(1);
    expect(outbox.rows()[0]?.state).toBe("accepted");
  });
});

describe("draining", () => {
  it("ends when nothing waits, and what is set aside does not wait", async () => {
    const clock = fakeClock(START);
    const sink = fakeSink("siem", clock, 2);
    sink.answer = ({ title }) => (title === "bad" ? failure({ retryable: false }) : "ok");
    const outbox = memoryOutbox(clock.now);
    for (const title of ["good", "bad", "good"]) await outbox.queue(alertOf({ title }), "siem");
    await outbox.queue(alertOf(), "a sink of another process");
    const options = DeliveryOptions.parse({});
    const { now, sleep } = clock;
    const delivery = createDelivery({ outbox, sinks: [sink], options, log: silentLog, now, sleep });
    const draining = delivery.drain(START + MINUTE);
    await clock.advanceTo(START + 1000);
    expect(await draining).toBe(true);
    expect(sink.accepted).toHaveLength(2);
  });

  it("ends at the deadline while a sink is down, and loses nothing", async () => {
    const clock = fakeClock(START);
    const sink = fakeSink("siem", clock);
    sink.answer = () => failure();
    const outbox = memoryOutbox(clock.now);
    await outbox.queue(alertOf(), "siem");
    const options = DeliveryOptions.parse({});
    const { now, sleep } = clock;
    const delivery = createDelivery({ outbox, sinks: [sink], options, log: silentLog, now, sleep });
    const draining = delivery.drain(START + 5000);
    await clock.advanceTo(START + 10_000);
    expect(await draining).toBe(false);
    expect(outbox.rows()[0]?.state).toBe("pending");
  });

  it("interrupts what is under way without counting it as a failure", async () => {
    const clock = fakeClock(START);
    const hanging: Sink = { ...fakeSink("siem", clock), deliver: hang };
    const outbox = memoryOutbox(clock.now);
    await outbox.queue(alertOf(), "siem");
    const options = DeliveryOptions.parse({});
    const { now, sleep } = clock;
    const delivery = createDelivery({
      outbox,
      sinks: [hanging],
      options,
      log: silentLog,
      now,
      sleep,
    });
    const draining = delivery.drain(START + 1000);
    await clock.advanceTo(START + 2000);
    expect(await draining).toBe(false);
    expect(outbox.rows()[0]).toMatchObject({ state: "pending", attempts: 0 });
  });
});

describe("whatever the receivers do", () => {
  const outcome = fc.constantFrom("ok", "ok", "busy", "busy", "refused", "thrown" as const);

  it("nothing is lost, and nothing is sent again once it was accepted", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(outcome, { maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 12 }),
        async (outcomes, batchSize, concurrency, revisions) => {
          const clock = fakeClock(START);
          const sink = fakeSink("siem", clock, batchSize);
          let next = 0;
          const take = () => outcomes[next++] ?? "ok";
          sink.answer = () => {
            const given = take();
            if (given === "thrown") throw new Error("unexpected");
            if (given === "ok") return "ok";
            return failure({ retryable: given === "busy" });
          };
          const alerts = revisions.flatMap((last) => {
            const alert = alertOf();
            return Array.from({ length: last + 1 }, (_, revision) => ({ ...alert, revision }));
          });
          {
            const options = { concurrency, retry: { maximumMs: 10_000 }, pollMs: HOUR };
            await using run = start(clock, [sink], options);
            for (const alert of alerts) await run.outbox.queue(alert, "siem");
            run.delivery.wake();
            await clock.advanceTo(START + 3 * HOUR);
            const rows = run.outbox.rows();
            expect(rows.filter(({ state }) => state === "pending")).toEqual([]);
            const states = rows.filter(({ sink }) => sink === "siem");
            expect(states).toHaveLength(alerts.length);
            const saved = states.filter(({ state }) => state === "accepted");
            for (const { alert } of saved) expect(sink.accepted).toContain(idOf(alert));
          }
          const isThrown = outcomes.includes("thrown");
          // A sink that breaks in the middle of a batch may have sent a part of it.
          if (!isThrown) expect(new Set(sink.accepted).size).toBe(sink.accepted.length);
          for (const { alertId } of alerts) {
            const own = sink.accepted.filter((id) => id.startsWith(alertId));
            if (!isThrown) expect(own).toEqual(own.toSorted());
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it("everything arrives through the embedded store after an outage, exactly once", async () => {
    const directory = await mkdtemp(join(tmpdir(), "keyhawk-delivery-"));
    const clock = fakeClock(Date.now());
    const startMs = clock.now();
    const sink = fakeSink("siem", clock, 10);
    let isDown = true;
    sink.answer = () => (isDown ? failure() : "ok");
    const alerts = Array.from({ length: 200 }, () => alertOf());
    {
      await using store = await openSqliteStore(join(directory, "state"));
      await store.outbox.add(alerts.map((alert) => ({ alert, sinks: ["siem"] })));
      await using _run = start(clock, [sink], {}, { outbox: store.outbox });
      await clock.advanceTo(startMs + 5 * MINUTE);
      expect(sink.accepted).toEqual([]);
      isDown = false;
      await clock.advanceTo(startMs + 20 * MINUTE);
      expect(sink.accepted.toSorted()).toEqual(alerts.map(idOf).toSorted());
      expect(await store.outbox.counts()).toMatchObject([
        { sink: "siem", pending: 0, accepted: 200 },
      ]);
    }
    await rm(directory, { recursive: true });
  });
});

/** A receiver that never answers and heeds the signal. */
function hang(alerts: readonly Alert[], signal: AbortSignal) {
  return new Promise<DeliveryError[]>((resolve) => {
    const end = () => resolve(alerts.map(() => failure()));
    signal.addEventListener("abort", end, { once: true });
  });
}
