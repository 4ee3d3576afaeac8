import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Alert } from "../../src/detection/alert.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import type { Counters, KeptDeadLetter, OutboxCount } from "../../src/store/store.ts";

/** What a state directory holds, as a reader beside a live consumer sees it. */
export interface StateView {
  /** Newest state of each alert by id. */
  readonly alerts: ReadonlyMap<string, Alert>;
  readonly counters: Counters;
  readonly outbox: readonly OutboxCount[];
  /** Newest first. */
  readonly deadLetters: readonly KeptDeadLetter[];
}

/** Reads a state directory; counters of a state that does not exist yet are zero. */
export async function readState(directory: string): Promise<StateView> {
  await using store = await openSqliteStore(directory, { access: "read" });
  const kept = await store.alerts.list({});
  return {
    alerts: new Map(kept.map(({ alert }) => [alert.alertId, alert])),
    counters: await store.history.counters(),
    outbox: await store.outbox.counts(),
    deadLetters: await store.history.deadLetters(1_000_000),
  };
}

/**
 * Makes a state directory whose encryption-context hashes are keyed with zeros. Each installation draws a key of its own,
 * on which estimates of more than 64 distinct contexts depend by some percent; these states can be compared to the digit.
 */
export async function createState(directory: string): Promise<string> {
  await using store = await openSqliteStore(directory);
  await store.setSetting("context-hash-key", new Uint8Array(16));
  return directory;
}

/** Memories by entity, as they were committed. */
export function memoriesOf(directory: string): Map<string, string> {
  const database = new DatabaseSync(join(directory, "keyhawk.db"), { readOnly: true });
  try {
    const rows = database.prepare("SELECT entity, memory FROM memories").all();
    return new Map(rows.map(({ entity, memory }) => [String(entity), String(memory)]));
  } finally {
    database.close();
  }
}

/**
 * Entities whose memories differ. An entity that went quiet with an alert open is folded on until the alert is over, to the
 * end of the batch in which that is: by where a batch ended it may be some hours ahead (`ahead`), and is not compared.
 */
export function differingMemories(
  found: ReadonlyMap<string, string>,
  expected: ReadonlyMap<string, string>,
): { readonly different: string[]; readonly ahead: string[] } {
  const different: string[] = [];
  const ahead: string[] = [];
  for (const entity of new Set([...found.keys(), ...expected.keys()])) {
    const [one, other] = [found, expected].map(
      (memories) => JSON.parse(memories.get(entity) ?? "{}") as { top?: number },
    );
    if (isDeepStrictEqual(one, other)) continue;
    (one?.top === other?.top ? different : ahead).push(entity);
  }
  return { different, ahead };
}

/** Polls until a condition holds; rejects with `problem()` when the deadline passes first. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  problem: () => string | Promise<string>,
  deadlineMs = 30_000,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > deadline) {
      throw new Error(`not within ${deadlineMs} ms: ${await problem()}`);
    }
    await sleep(25);
  }
}

/** Waits until a consumer has committed that many CloudTrail records, and no more. */
export async function consumed(
  directory: string,
  records: number,
  stderr: () => string,
  deadlineMs?: number,
): Promise<void> {
  let seen = 0;
  await eventually(
    async () => {
      seen = (await readCounters(directory)).records;
      return seen >= records;
    },
    () => `${seen} of ${records} records; ${stderr()}`,
    deadlineMs,
  );
  if (seen > records) throw new Error(`${seen} records were counted, of ${records} there are`);
}

/** Counters of a state directory. */
export async function readCounters(directory: string): Promise<Counters> {
  await using store = await openSqliteStore(directory, { access: "read" });
  return store.history.counters();
}

/** Waits until nothing waits for any sink but those named. */
export async function delivered(directory: string, except: readonly string[] = []): Promise<void> {
  let waiting: readonly OutboxCount[] = [];
  await eventually(
    async () => {
      await using store = await openSqliteStore(directory, { access: "read" });
      const counts = await store.outbox.counts();
      waiting = counts.filter(({ sink, pending }) => pending > 0 && !except.includes(sink));
      return waiting.length === 0;
    },
    () => `alerts wait: ${JSON.stringify(waiting)}`,
  );
}
