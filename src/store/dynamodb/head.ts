import { StoreError } from "../store.ts";
import { attribute, countIn, type Item, keyItem, numberIn, textIn } from "./item.ts";
import { headKey } from "./keys.ts";
import type { Table } from "./table.ts";

/** The one item by which a commit is made, and which says who may make the next. */
export interface Head {
  /** Number of the last commit. */
  readonly seq: number;
  /** Who made the last commit: its log is kept under this name. */
  readonly writer: string;
  /** Parts of that log; 0 once it is known that all of the commit is in its place. */
  readonly parts: number;
  /** Number of the next outbox entry. */
  readonly entry: number;
  readonly owner: string | undefined;
  /** When the owner came, ISO 8601, for people. */
  readonly since: string | undefined;
  /** Changes with each sign of life of the owner. */
  readonly beat: string | undefined;
  /** Snapshots being read: id → number of the commit they show. */
  readonly snapshots: ReadonlyMap<string, number>;
  /** Snapshots that ran out, by the clock of this machine. */
  readonly expired: readonly string[];
}

/** Version of the table's layout. */
const layoutVersion = 1;

/** The attributes of a new head. */
export const newHead: Item = {
  ...keyItem(headKey),
  layout: attribute.number(layoutVersion),
  seq: attribute.number(0),
  writer: attribute.text("nobody"),
  parts: attribute.number(0),
  entry: attribute.number(1),
  snapshots: { M: {} },
  snapshotsUntil: { M: {} },
};

/** Reads the head, undefined in a table without state. Throws `StoreError` `newer`. */
export async function readHead(table: Table, nowMs: number): Promise<Head | undefined> {
  const item = await table.get(headKey);
  return item === undefined ? undefined : headOf(table.place, item, nowMs);
}

export function headOf(place: string, item: Item, nowMs: number): Head {
  if (numberIn(item, "layout") > layoutVersion) {
    throw new StoreError("newer", place, "written by a later version of Keyhawk; update this one");
  }
  const until = item["snapshotsUntil"]?.M ?? {};
  const snapshots = item["snapshots"]?.M ?? {};
  const ids = Object.keys(snapshots);
  const expired = ids.filter((id) => countIn(until, id) + graceMs < nowMs);
  const live = ids.filter((id) => !expired.includes(id));
  return {
    seq: numberIn(item, "seq"),
    writer: textIn(item, "writer"),
    parts: numberIn(item, "parts"),
    entry: numberIn(item, "entry"),
    owner: item["owner"]?.S,
    since: item["since"]?.S,
    beat: item["beat"]?.S,
    snapshots: new Map(live.map((id) => [id, numberIn(snapshots, id)])),
    expired,
  };
}

/** How far clocks of a reader and a writer may be apart before a snapshot is given up too early. */
const graceMs = 120_000;
