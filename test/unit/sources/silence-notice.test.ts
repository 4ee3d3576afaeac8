import { describe, expect, it } from "vitest";
import { Alert } from "../../../src/detection/alert.ts";
import { noticeAlert } from "../../../src/delivery/operational-alert.ts";
import { noCounts } from "../../../src/sources/source.ts";
import { withSilenceNotice } from "../../../src/sources/silence-notice.ts";
import type { Batch, Source } from "../../../src/sources/source.ts";

/** So long that it does not pass within a test. */
const NEVER_MS = 3_600_000;

describe("a live source", () => {
  it("says once that nothing arrives, and that records arrive again", async () => {
    const stream = pushed();
    const reading = listen(stream.source, 20);
    const [silent] = (await take(reading)).notices;
    expect(silent).toMatchObject({ kind: "silent", subject: "stream", toMs: undefined });
    stream.push(batchOf(0));
    expect((await take(reading)).notices).toEqual([]);
    stream.push(batchOf(3));
    const again = await take(reading);
    expect(again.counts.records).toBe(3);
    expect(again.notices).toMatchObject([{ kind: "silent", fromMs: silent?.fromMs }]);
    expect(again.notices[0]?.toMs).toBeGreaterThan(silent?.fromMs ?? Infinity);
    await reading.return();
  });

  it("says it anew of the next silence", async () => {
    const stream = pushed();
    const reading = listen(stream.source, 20);
    await take(reading);
    stream.push(batchOf(1));
    await take(reading);
    expect((await take(reading)).notices).toMatchObject([{ kind: "silent", toMs: undefined }]);
    await reading.return();
  });

  it("says nothing while records arrive, and hands batches on as they are", async () => {
    const stream = pushed();
    const reading = listen(stream.source, NEVER_MS);
    const batches = [batchOf(1), batchOf(0), batchOf(2)];
    for (const batch of batches) stream.push(batch);
    for (const batch of batches) expect(await take(reading)).toBe(batch);
    await reading.return();
  });

  it("ends with its source, and lets it end while it waits", async () => {
    const stream = pushed();
    const reading = listen(stream.source, NEVER_MS);
    stream.push(undefined);
    expect(await reading.next()).toEqual({ done: true, value: undefined });

    const waiting = pushed();
    const other = listen(waiting.source, 20);
    await take(other);
    await other.return();
    expect(waiting.isEnded()).toBe(true);
  });

  it("fails as its source fails", async () => {
    const source: Source = {
      name: "stream",
      async *read() {
        yield batchOf(await Promise.reject<number>(new Error("not there")));
      },
    };
    await expect(listen(source, NEVER_MS).next()).rejects.toThrow("not there");
  });
});

describe("the alert on a silent source", () => {
  const silent = { kind: "silent", subject: "kinesis/trail", text: "Nothing." } as const;
  const created = Alert.parse(noticeAlert({ ...silent, fromMs: 1000, toMs: undefined }));

  it("is closed under the same id when records arrive again", () => {
    const closed = Alert.parse(noticeAlert({ ...silent, fromMs: 1000, toMs: 61_000 }));
    expect(created).toMatchObject({ detector: "source-silent", status: "created", revision: 0 });
    expect(closed).toMatchObject({ alertId: created.alertId, status: "closed", revision: 1 });
  });

  it("is another one for another silence", () => {
    const other = noticeAlert({ ...silent, fromMs: 5000, toMs: undefined });
    expect(other.alertId).not.toBe(created.alertId);
  });
});

function listen(source: Source, afterMs: number) {
  return withSilenceNotice(source, { afterMs }).read(new Map(), new AbortController().signal);
}

async function take(reading: AsyncGenerator<Batch, void, undefined>): Promise<Batch> {
  const { value } = await reading.next();
  if (value === undefined) throw new Error("the source has ended");
  return value;
}

function batchOf(records: number): Batch {
  return {
    events: [],
    deadLetters: [],
    counts: { ...noCounts, records },
    positions: new Map([["a", "1"]]),
    notices: [],
  };
}

/** A source that yields what is pushed, and ends at `undefined` or when it is told to. */
function pushed() {
  const batches: (Batch | undefined)[] = [];
  let ring = () => {};
  let ended = false;
  const source: Source = {
    name: "stream",
    async *read(_positions, signal) {
      try {
        while (!signal.aborted) {
          if (batches.length === 0) {
            await new Promise<void>((resolve) => {
              ring = resolve;
              signal.addEventListener("abort", () => resolve(), { once: true });
            });
            continue;
          }
          const batch = batches.shift();
          if (batch === undefined) return;
          yield batch;
        }
      } finally {
        ended = true;
      }
    },
  };
  return {
    source,
    push: (batch: Batch | undefined) => {
      batches.push(batch);
      ring();
    },
    isEnded: () => ended,
  };
}
