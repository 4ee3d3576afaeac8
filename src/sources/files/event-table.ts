import type { KmsEvent } from "../../cloudtrail/event.ts";

/**
 * Events in the form in which they go from thread to thread: what many events have in common (principal, keys, source,
 * context, all that is no identity) is written once. Copying a table costs about a tenth of copying the events, and
 * events read out of it share those parts in memory.
 */
export interface EventTable {
  /** Nine values for each event; numbers name the place in the list of that part, -1 is undefined. */
  readonly cells: readonly (string | number | undefined)[];
  readonly principals: readonly KmsEvent["principal"][];
  readonly keys: readonly KmsEvent["keys"][];
  readonly sources: readonly KmsEvent["source"][];
  readonly contexts: readonly KmsEvent["context"][];
  readonly parameters: readonly KmsEvent["parameters"][];
  readonly rests: readonly Rest[];
}

type Named =
  | "eventId"
  | "sharedEventId"
  | "timeMs"
  | "principal"
  | "keys"
  | "source"
  | "context"
  | "parameters";
type Rest = Omit<KmsEvent, Named>;

const width = 9;

/** Writes events into a table. */
export function writeTable(events: readonly KmsEvent[]): EventTable {
  const cells: (string | number | undefined)[] = [];
  const principals = new Shared<KmsEvent["principal"]>();
  const keys = new Shared<KmsEvent["keys"]>();
  const sources = new Shared<KmsEvent["source"]>();
  const contexts = new Shared<KmsEvent["context"]>();
  const rests = new Shared<Rest>();
  const parameters: KmsEvent["parameters"][] = [];
  for (const event of events) {
    const { eventId, sharedEventId, timeMs, principal, source, context, ...others } = event;
    const { keys: eventKeys, parameters: eventParameters, ...rest } = others;
    cells.push(
      eventId,
      sharedEventId,
      timeMs,
      principals.place(`${principal.entity} ${principal.session} ${principal.via}`, principal),
      keys.place(eventKeys[0]?.arn ?? "", eventKeys),
      sources.place(source.value, source),
      contexts.place(context?.fingerprint ?? "", context),
      eventParameters === undefined ? -1 : parameters.push(eventParameters) - 1,
      rests.place(`${rest.name} ${rest.error?.code} ${rest.region} ${rest.userAgent}`, rest),
    );
  }
  return {
    cells,
    principals: principals.list,
    keys: keys.list,
    sources: sources.list,
    contexts: contexts.list,
    parameters,
    rests: rests.list,
  };
}

/** Reads the events of a table, in their order. */
export function readTable(table: EventTable): KmsEvent[] {
  const { cells } = table;
  const events: KmsEvent[] = [];
  for (let at = 0; at < cells.length; at += width) {
    events.push({
      eventId: String(cells[at]),
      sharedEventId: cells[at + 1] === undefined ? undefined : String(cells[at + 1]),
      timeMs: Number(cells[at + 2]),
      principal: listed(table.principals, cells[at + 3]),
      keys: listed(table.keys, cells[at + 4]),
      source: listed(table.sources, cells[at + 5]),
      context: listed(table.contexts, cells[at + 6]),
      parameters: cells[at + 7] === -1 ? undefined : listed(table.parameters, cells[at + 7]),
      ...listed(table.rests, cells[at + 8]),
    });
  }
  return events;
}

function listed<Value>(list: readonly Value[], place: string | number | undefined): Value {
  const index = Number(place);
  if (!(index >= 0 && index < list.length))
    throw new RangeError("a cell names no part of its table");
  return list[index] as Value;
}

/** A list of distinct values. The hint finds a candidate, comparison decides: hints are made of an attacker's text. */
class Shared<Value> {
  readonly list: Value[] = [];
  readonly #byHint = new Map<string, number>();

  place(hint: string, value: Value): number {
    const known = this.#byHint.get(hint);
    if (known !== undefined && isSame(this.list[known], value)) return known;
    const place = this.list.push(value) - 1;
    this.#byHint.set(hint, place);
    return place;
  }
}

/** Whether two values of plain data are equal, field by field. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  for (const name of names) {
    if (!Object.hasOwn(b, name)) return false;
    if (!isSame((a as PlainObject)[name], (b as PlainObject)[name])) return false;
  }
  return true;
}

type PlainObject = Readonly<Record<string, unknown>>;
