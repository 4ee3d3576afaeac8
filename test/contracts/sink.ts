import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Alert } from "../../src/detection/alert.ts";
import { DeliveryError, type Sink } from "../../src/delivery/sink.ts";
import { alertOf } from "../support/alert-arbitrary.ts";

/** What a receiver does from now on. */
export type Behaviour =
  | "accept"
  /** Takes nothing for the moment. */
  | "busy"
  /** Refuses every alert for what it is. */
  | "refuse"
  /** Refuses the alerts whose title is `bad`, and accepts the others. */
  | "refuseBad"
  /** Never answers. */
  | "hang"
  /** Ends connections before it has answered. */
  | "cut";

export interface SinkHarness extends AsyncDisposable {
  readonly sink: Sink;
  behave(behaviour: Behaviour): Promise<void> | void;
  /** `alertId-revision` of what the receiver has, in the order in which it came. */
  received(): Promise<readonly string[]>;
  /** What may stand in no error. */
  readonly secrets: readonly string[];
}

/** What each sink must do. Behaviours that a receiver cannot have are left out. */
export function testSink(
  name: string,
  start: () => Promise<SinkHarness>,
  possible: readonly Behaviour[],
): void {
  describe(`${name}, as every sink`, () => {
    let harness: SinkHarness;
    const never = new AbortController().signal;
    // A case that a receiver cannot have is no test at all, rather than one that is skipped for ever.
    const can = (behaviour: Behaviour) => (claim: string, test: () => Promise<void>) => {
      if (possible.includes(behaviour)) it(claim, test);
    };
    const deliver = async (alerts: readonly Alert[], signal = never) => {
      const results = await harness.sink.deliver(alerts, signal);
      expect(results).toHaveLength(alerts.length);
      for (const error of results) expectNoSecret(error, harness);
      return results;
    };

    beforeEach(async () => {
      harness = await start();
    });
    afterEach(async () => {
      await harness.sink.close();
      await harness[Symbol.asyncDispose]();
    });

    it("has a name and a batch size", () => {
      expect(harness.sink.name).not.toBe("");
      expect(harness.sink.batchSize).toBeGreaterThan(0);
    });

    it("accepts as many alerts as it says, in order", async () => {
      const alerts = Array.from({ length: harness.sink.batchSize }, () => alertOf());
      expect(await deliver(alerts)).toEqual(alerts.map(() => undefined));
      expect(await harness.received()).toEqual(alerts.map(idOf));
    });

    it("accepts the revisions of an alert one after the other", async () => {
      const alert = alertOf();
      const revisions = [alert, { ...alert, revision: 1, status: "updated" as const }];
      for (const revision of revisions) expect(await deliver([revision])).toEqual([undefined]);
      expect(await harness.received()).toEqual(revisions.map(idOf));
    });

    it("accepts nothing of nothing", async () => {
      expect(await deliver([])).toEqual([]);
      expect(await harness.received()).toEqual([]);
    });

    can("busy")("says that a busy receiver can be tried again, and then is", async () => {
      await harness.behave("busy");
      const alert = alertOf();
      expect(await deliver([alert])).toMatchObject([
        { name: "DeliveryError", retryable: true, gone: false },
      ]);
      expect(await harness.received()).toEqual([]);

      await harness.behave("accept");
      expect(await deliver([alert])).toEqual([undefined]);
      expect(await harness.received()).toEqual([idOf(alert)]);
    });

    can("refuse")("says that what is refused for what it is need not be tried again", async () => {
      await harness.behave("refuse");
      const alerts = Array.from({ length: Math.min(3, harness.sink.batchSize) }, () => alertOf());
      const results = await deliver(alerts);
      for (const error of results) expect(error).toMatchObject({ retryable: false, gone: false });
    });

    can("refuseBad")("tells the alert that is refused from those that are not", async () => {
      await harness.behave("refuseBad");
      const alerts = ["good", "bad", "good", "bad", "good"].map((title) => alertOf({ title }));
      const results = await deliver(alerts);
      expect(results.map((error) => error?.retryable)).toEqual([
        undefined,
        false,
        undefined,
        false,
        undefined,
      ]);
      const good = alerts.filter(({ title }) => title === "good");
      expect(await harness.received()).toEqual(good.map(idOf));
    });

    can("cut")("says that a lost connection can be tried again", async () => {
      await harness.behave("cut");
      expect(await deliver([alertOf()])).toMatchObject([{ retryable: true }]);
    });

    can("hang")("does not wait for an answer for ever", async () => {
      await harness.behave("hang");
      const startMs = performance.now();
      expect(await deliver([alertOf()])).toMatchObject([{ retryable: true }]);
      expect(performance.now() - startMs).toBeLessThan(5000);
    });

    can("hang")("stops waiting when it is interrupted", async () => {
      await harness.behave("hang");
      const controller = new AbortController();
      const delivering = deliver([alertOf()], controller.signal);
      controller.abort();
      expect(await delivering).toMatchObject([{ retryable: true }]);
    });

    it("sends nothing after it was interrupted", async () => {
      const alerts = Array.from({ length: Math.min(2, harness.sink.batchSize) }, () => alertOf());
      const results = await deliver(alerts, AbortSignal.abort());
      for (const error of results) expect(error).toMatchObject({ retryable: true });
      expect(await harness.received()).toEqual([]);
    });
  });
}

export function idOf({ alertId, revision }: Alert): string {
  return `${alertId}-${revision}`;
}

function expectNoSecret(error: DeliveryError | undefined, harness: SinkHarness): void {
  if (error === undefined) return;
  expect(error).toBeInstanceOf(DeliveryError);
  expect(error.message.startsWith(`${harness.sink.name}: `)).toBe(true);
  const everything = inspect(error, { depth: 20, showHidden: true, maxStringLength: null });
  for (const secret of harness.secrets) expect(everything).not.toContain(secret);
}
