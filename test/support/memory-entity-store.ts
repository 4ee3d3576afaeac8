import { mergeSpoken, type SpokenHours } from "../../src/baseline/spoken-hours.ts";
import type { Alert } from "../../src/detection/alert.ts";
import type {
  EntityItem,
  EntityOutboxEntry,
  EntityStore,
  EntityWrite,
  FoldedHistory,
} from "../../src/store/entity-store.ts";
import type {
  HistoryRow,
  KeptAlert,
  Suppression,
  UsageRow,
  Verdict,
} from "../../src/store/store.ts";
import { usageByPair } from "../../src/store/usage.ts";
import { memoryOutbox, type MemoryOutbox } from "./memory-outbox.ts";

interface Row extends EntityItem {
  readonly outbox: Map<string, EntityOutboxEntry>;
}

/** An entity store without a table, with what tests want to look at. */
export interface MemoryEntityStore extends EntityStore {
  readonly deliveries: MemoryOutbox;
  /** Every entity's item by name. */
  items(): ReadonlyMap<string, EntityItem>;
  /** Number of segments of all entities. */
  segmentCount(): number;
  keptAlerts(): ReadonlyMap<string, KeptAlert>;
  keptHistory(): FoldedHistory;
}

/** An entity store for tests: the contract of the real one, in memory and at once. */
export function memoryEntityStore(now: () => number): MemoryEntityStore {
  const rows = new Map<string, Row>();
  const segments = new Map<string, Map<string, Uint8Array>>();
  const accounts = new Map<string, number>();
  const lanes = new Map<number, number>();
  let heard: SpokenHours = [];
  const history = new Map<string, HistoryRow>();
  const uses = new Map<string, UsageRow>();
  const deliveries = memoryOutbox(now);
  const kept = keptAlerts();
  const ownSegments = (name: string) => {
    const own = segments.get(name) ?? new Map<string, Uint8Array>();
    segments.set(name, own);
    return own;
  };

  return {
    claim: async () => undefined,
    async load(names) {
      return new Map(
        names.flatMap((name) => {
          const row = rows.get(name);
          return row === undefined ? [] : [[name, itemOf(row)] as const];
        }),
      );
    },
    async commit(write) {
      const known = rows.get(write.name);
      if ((known?.version ?? 0) !== write.version) return false;
      rows.set(write.name, written(write, known));
      return true;
    },
    async writeSegments(name, written) {
      for (const { id, bytes } of written) ownSegments(name).set(id, Uint8Array.from(bytes));
    },
    async readSegments(name, ids) {
      const own = ownSegments(name);
      return new Map(
        ids.flatMap((id) => {
          const bytes = own.get(id);
          return bytes === undefined ? [] : [[id, Uint8Array.from(bytes)] as const];
        }),
      );
    },
    async removeSegments(name, ids) {
      for (const id of ids) ownSegments(name).delete(id);
    },
    async outboxes(names) {
      return new Map(
        names.flatMap((name) => {
          const outbox = rows.get(name)?.outbox ?? new Map<string, EntityOutboxEntry>();
          return outbox.size === 0 ? [] : [[name, inOrder(outbox)] as const];
        }),
      );
    },
    async removeFromOutbox(name, ids) {
      for (const id of ids) rows.get(name)?.outbox.delete(id);
    },
    async pendingOutboxes(beforeMs, limit) {
      const waiting = [...rows].flatMap(([name, { outbox }]) => {
        const sinceMs = inOrder(outbox)[0]?.queuedMs ?? Number.POSITIVE_INFINITY;
        return sinceMs < beforeMs ? [{ name, sinceMs }] : [];
      });
      waiting.sort((one, other) => one.sinceMs - other.sinceMs);
      return waiting.slice(0, limit).map(({ name }) => name);
    },
    async closing(hour, limit) {
      const due = [...rows].flatMap(([name, { closesAtHour }]) =>
        closesAtHour === undefined || closesAtHour > hour ? [] : [{ name, closesAtHour }],
      );
      due.sort((one, other) => one.closesAtHour - other.closesAtHour);
      return due.slice(0, limit);
    },
    async watermark() {
      return lanes.size === 0 ? undefined : Math.max(...lanes.values());
    },
    async raiseWatermark(lane, timeMs) {
      lanes.set(lane, Math.max(lanes.get(lane) ?? timeMs, timeMs));
    },
    async accounts() {
      return new Map(accounts);
    },
    async noteAccounts(noted) {
      for (const [account, hour] of noted) {
        accounts.set(account, Math.min(accounts.get(account) ?? hour, hour));
      }
    },
    async heard() {
      return structuredClone(heard);
    },
    async noteHeard(hours) {
      heard = mergeSpoken(
        heard,
        hours.map((hour) => [hour, hour]),
      );
    },
    async keepHistory({ hours, usage }) {
      for (const row of hours) history.set(`${row.entity} ${row.hour}`, row);
      for (const row of usageByPair(usage)) {
        const pair = `${row.keyArn} ${row.principalKey}`;
        const known = uses.get(pair);
        if (known !== undefined && row.firstMs <= known.lastMs) continue;
        const firstMs = known?.firstMs ?? row.firstMs;
        uses.set(pair, { ...row, firstMs, count: row.count + (known?.count ?? 0) });
      }
    },
    ...kept.store,
    deliveries,
    items: () => new Map([...rows].map(([name, row]) => [name, itemOf(row)])),
    segmentCount: () => [...segments.values()].reduce((sum, own) => sum + own.size, 0),
    keptAlerts: () => kept.all,
    keptHistory: () => ({ hours: [...history.values()], usage: [...uses.values()] }),
    async [Symbol.asyncDispose]() {},
  };
}

function itemOf({ version, memory, calls, closesAtHour }: Row): EntityItem {
  return { version, memory, calls: Uint8Array.from(calls), closesAtHour };
}

function written(
  { version, memory, calls, closesAtHour, outbox }: EntityWrite,
  known: Row | undefined,
): Row {
  return {
    version: version + 1,
    memory,
    calls: Uint8Array.from(calls),
    closesAtHour,
    outbox: new Map([
      ...(known?.outbox ?? []),
      ...outbox.map((entry) => [entry.id, entry] as const),
    ]),
  };
}

function inOrder(outbox: ReadonlyMap<string, EntityOutboxEntry>): EntityOutboxEntry[] {
  return [...outbox.values()].sort(
    (one, other) => one.queuedMs - other.queuedMs || (one.id < other.id ? -1 : 1),
  );
}

function keptAlerts() {
  const all = new Map<string, KeptAlert>();
  const suppressions = new Map<string, Suppression>();
  const keep = (alert: Alert, suppressedBy: string | undefined) => {
    const known = all.get(alert.alertId);
    if (known !== undefined && known.alert.revision > alert.revision) return;
    const muting = suppressedBy === undefined ? undefined : suppressions.get(suppressedBy);
    if (muting !== undefined && known?.suppressedBy !== muting.id) {
      suppressions.set(muting.id, { ...muting, hits: muting.hits + 1 });
    }
    all.set(alert.alertId, {
      alert: known?.verdict === undefined ? alert : { ...alert, status: "closed" },
      verdict: known?.verdict,
      suppressedBy,
    });
  };
  return {
    all,
    store: {
      async keepAlerts(alerts: readonly Alert[], suppressed: ReadonlyMap<string, string>) {
        for (const alert of alerts) keep(alert, suppressed.get(alert.alertId));
      },
      alerts: {
        get: async (alertId: string) => all.get(alertId),
        async close(alertId: string, verdict: Verdict) {
          const known = all.get(alertId);
          if (known === undefined) return false;
          all.set(alertId, { ...known, alert: { ...known.alert, status: "closed" }, verdict });
          return true;
        },
      },
      suppressions: {
        list: async () => [...suppressions.values()],
        async add(added: Omit<Suppression, "hits">) {
          suppressions.set(added.id, { ...added, hits: suppressions.get(added.id)?.hits ?? 0 });
        },
      },
    },
  };
}
