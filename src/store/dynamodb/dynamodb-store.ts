import type { DeadLetterLimits } from "../dead-letter.ts";
import { type Commit, type StateStore, StoreError } from "../store.ts";
import { alertItems, keepAlerts } from "./alert-items.ts";
import { addCalls, recentCalls, removeForgottenCalls } from "./call-items.ts";
import { addCounters, addUsage, historyItems, setHistory } from "./history-items.ts";
import { engineStateOfHandlers, hasHandlerState } from "./handed-over.ts";
import { attribute, bytesIn, countIn, textIn } from "./item.ts";
import { itemsIn } from "./item-reader.ts";
import { readHead } from "./head.ts";
import { engineKey, floorsKey, positionKey, positionsPartition, settingKey } from "./keys.ts";
import { claimLearning, learnerIn } from "./learner.ts";
import { keepLetters, tableLetterLimits } from "./letter-items.ts";
import { loadMemories, memoriesAfter, setMemory } from "./memory-items.ts";
import { type OutboxItems, outboxItems } from "./outbox-items.ts";
import { type Access, type Preparation, StoreAccess } from "./store-access.ts";
import { suppressionItems } from "./suppression-items.ts";
import { Table, type TableOptions } from "./table.ts";
import { setText, textOf } from "./text.ts";
import { Writer } from "./writer.ts";

export interface DynamodbStoreOptions extends TableOptions {
  /**
   * `consume` (the default) makes the state where the table is empty, and has the table alone until disposed. `annotate`
   * writes short notes of people (verdicts, suppressions, redrives) beside a live consumer; `read` only reads.
   */
  readonly access?: Access;
  /** Whether the consumer learns: refused (`locked`) where the Lambda functions do. False by default. */
  readonly learns?: boolean;
  /** Wall clock of the outbox and the dead letters, milliseconds. */
  readonly now?: () => number;
  /** Most alerts pending per sink, 100,000 by default; further ones are parked. */
  readonly outboxLimit?: number;
  readonly deadLetters?: Partial<DeadLetterLimits>;
  /** A consumer that gave no sign of life for so long has lost the table, milliseconds; 20 seconds by default. */
  readonly leaseMs?: number;
}

/**
 * Opens the state in a DynamoDB table of `tableDefinition`. Region, credentials and endpoint are those of the AWS SDK. A commit
 * is durable when it resolves. A table whose consumer died is opened once its lease is over.
 * Throws `StoreError`: `locked`, `missing`, `newer`, `corrupt`, `read-only`, `busy` or `failed`.
 */
export async function openDynamodbStore(
  name: string,
  options: DynamodbStoreOptions = {},
): Promise<StateStore> {
  const { access = "consume", now = Date.now, leaseMs = 20_000 } = options;
  const table = new Table(name, options);
  try {
    if (access !== "consume") {
      const isKnown =
        (await readHead(table, now())) !== undefined || (await hasHandlerState(table));
      if (!isKnown) throw noStateError(table);
      return storeOf(new StoreAccess(table, access, undefined, now), options, undefined);
    }
    if (options.learns === true) await claimLearning(table, "run", now());
    const writer = await Writer.open(table, { leaseMs, now });
    return storeOf(new StoreAccess(table, access, writer, now), options, writer);
  } catch (error) {
    table[Symbol.dispose]();
    throw error;
  }
}

function noStateError({ place }: Table): StoreError {
  const problem = "no state here; `keyhawk run` or `keyhawk replay --state` makes it";
  return new StoreError("missing", place, problem);
}

function storeOf(
  access: StoreAccess,
  options: DynamodbStoreOptions,
  writer: Writer | undefined,
): StateStore {
  const { table } = access;
  const outbox = outboxItems(access, options.outboxLimit ?? 100_000);
  const limits = { ...tableLetterLimits, ...options.deadLetters };
  let isOpen = true;
  return {
    outbox,
    alerts: alertItems(access),
    history: historyItems(access),
    suppressions: suppressionItems(access),

    async positions() {
      const items = await itemsIn(access.items, { pk: positionsPartition });
      return new Map(items.map((item) => [textIn(item, "source"), textIn(item, "position")]));
    },

    loadMemories: (entities) => loadMemories(access.items, entities),
    memoriesAfter: (entity, limit) => memoriesAfter(access.items, entity, limit),
    snapshot: (read) => access.snapshot(read),

    async engineState() {
      const item = await access.items.get(engineKey);
      if (item !== undefined && (await learnerIn(access.items)) !== "functions")
        return await textOf(access.items, item);
      return await engineStateOfHandlers(table, access.items);
    },

    recentCalls: () => recentCalls(access.items),

    async commit(commit) {
      let forgets = false;
      await access.commit(async (preparation) => {
        forgets = await prepare(preparation, commit, { outbox, limits });
      });
      if (forgets) await removeForgottenCalls(access);
    },

    async setting(setting) {
      const item = await access.items.get(settingKey(setting));
      return item === undefined ? undefined : bytesIn(item, "value");
    },

    async setSetting(setting, value) {
      access.checkNotes();
      await table.update(settingKey(setting), {
        UpdateExpression: "SET #value = :value",
        ExpressionAttributeNames: { "#value": "value" },
        ExpressionAttributeValues: { ":value": attribute.bytes(value) },
      });
    },

    async [Symbol.asyncDispose]() {
      if (!isOpen) return;
      isOpen = false;
      try {
        await writer?.[Symbol.asyncDispose]();
      } finally {
        table[Symbol.dispose]();
      }
    },
  };
}

/** Finds all that a commit changes; true where it forgets calls. */
async function prepare(
  preparation: Preparation,
  commit: Commit,
  { outbox, limits }: { outbox: OutboxItems; limits: DeadLetterLimits },
): Promise<boolean> {
  const { changes, nowMs } = preparation;
  for (const [source, position] of commit.positions) {
    const key = positionKey(source);
    if (position === "") changes.hide(key, nowMs, ["source", "position"]);
    else changes.set(key, { source: attribute.text(source), position: attribute.text(position) });
  }
  for (const [entity, memory] of commit.memories) setMemory(changes, entity, memory);
  if (commit.engineState !== undefined) setText(changes, engineKey, commit.engineState);
  addCounters(changes, commit.counters);
  setHistory(preparation, commit.history);
  const [forgets] = await Promise.all([
    raiseFloors(preparation, commit),
    addCalls(preparation, commit.calls),
    keepAlerts(preparation, commit),
    outbox.queue(preparation, commit.deliveries),
    addUsage(preparation, commit.usage),
    keepLetters(preparation, commit.deadLetters, limits),
  ]);
  return forgets;
}

/** Notes before which hours calls and history are forgotten; true where more calls are. */
async function raiseFloors(
  { changes, items }: Preparation,
  { forgetCallsBeforeHour: calls = 0, forgetHistoryBeforeHour: history = 0 }: Commit,
): Promise<boolean> {
  if (calls <= 0 && history <= 0) return false;
  const floors = await items.get(floorsKey);
  const raised = Object.entries({ calls, history }).filter(
    ([name, hour]) => hour > countIn(floors, name),
  );
  if (raised.length > 0) {
    const values = raised.map(([name, hour]) => [name, attribute.number(hour)]);
    changes.set(floorsKey, Object.fromEntries(values));
  }
  return raised.some(([name]) => name === "calls");
}
