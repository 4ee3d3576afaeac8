import type { KmsEvent } from "../../cloudtrail/event.ts";

/**
 * Events in the form in which they go from thread to thread: texts once each, everything else as places in lists. Copying a
 * table costs about a tenth of copying the events, and events read out of it share their parts in memory.
 */
export interface EventTable {
  /** `WIDTH` numbers for each event; −1 is undefined. */
  readonly cells: Float64Array;
  readonly texts: readonly string[];
  readonly principals: readonly KmsEvent["principal"][];
  readonly keys: readonly KmsEvent["keys"][];
  readonly contexts: readonly KmsEvent["context"][];
  readonly errors: readonly KmsEvent["error"][];
  readonly parameters: readonly KmsEvent["parameters"][];
  readonly signings: readonly KmsEvent["signing"][];
}

const WIDTH = 16;
const NETWORK_ACTIVITY = 1;
const SERVICE_EVENT = 2;
const CLOUDTRAIL_CALL = 4;
const SOURCE_KINDS = ["address", "service", "unknown"] as const;

/** Writes events into a table. */
export function writeTable(events: readonly KmsEvent[]): EventTable {
  const cells = new Float64Array(events.length * WIDTH);
  const texts = new Texts();
  const principals = new Shared(isSamePrincipal);
  const keys = new Shared(isSameKeys);
  const contexts = new Shared(isSameContext);
  const errors: KmsEvent["error"][] = [];
  const parameters: KmsEvent["parameters"][] = [];
  const signings: KmsEvent["signing"][] = [];
  let at = 0;
  for (const event of events) {
    const { principal, source } = event;
    cells[at] = texts.add(event.eventId);
    cells[at + 1] = texts.optional(event.sharedEventId);
    cells[at + 2] = event.timeMs;
    cells[at + 3] = texts.place(event.name);
    cells[at + 4] = texts.place(event.operation);
    cells[at + 5] = texts.place(event.region);
    cells[at + 6] = texts.optional(event.recipientAccountId);
    cells[at + 7] = principals.place(hintOf(principal), principal);
    cells[at + 8] = keys.place(event.keys[0]?.arn ?? "", event.keys);
    cells[at + 9] =
      texts.place(source.value) * SOURCE_KINDS.length + SOURCE_KINDS.indexOf(source.kind);
    cells[at + 10] = texts.optional(event.userAgent);
    cells[at + 11] =
      event.context === undefined ? -1 : contexts.place(event.context.fingerprint, event.context);
    cells[at + 12] =
      (event.networkActivity ? NETWORK_ACTIVITY : 0) +
      (event.serviceEvent ? SERVICE_EVENT : 0) +
      (event.service === "cloudtrail" ? CLOUDTRAIL_CALL : 0);
    cells[at + 13] = texts.optional(event.vpcEndpointId);
    cells[at + 14] = rareParts(event, { errors, parameters, signings });
    cells[at + 15] = texts.optional(event.attestation);
    at += WIDTH;
  }
  return {
    cells,
    texts: texts.list,
    principals: principals.list,
    keys: keys.list,
    contexts: contexts.list,
    errors,
    parameters,
    signings,
  };
}

/** Of those who share it, few at a time, comparison tells them apart. */
function hintOf({ entity, session }: KmsEvent["principal"]): string {
  return session ?? entity;
}

interface RareParts {
  readonly errors: KmsEvent["error"][];
  readonly parameters: KmsEvent["parameters"][];
  readonly signings: KmsEvent["signing"][];
}

/** Most events have no error, no parameters and sign nothing; the lists then hold nothing. */
function rareParts({ error, parameters, signing }: KmsEvent, lists: RareParts): number {
  if (error === undefined && parameters === undefined && signing === undefined) return -1;
  lists.parameters.push(parameters);
  lists.signings.push(signing);
  return lists.errors.push(error) - 1;
}

/** Reads the events of a table, in their order. */
export function readTable(table: EventTable): KmsEvent[] {
  const { cells, texts } = table;
  const events: KmsEvent[] = [];
  const cell = (at: number): number => cells[at] ?? -1;
  const text = (at: number): string => listed(texts, cell(at));
  const optional = (at: number): string | undefined => (cell(at) < 0 ? undefined : text(at));
  for (let at = 0; at < cells.length; at += WIDTH) {
    const source = cell(at + 9);
    const flags = cell(at + 12);
    const rare = cell(at + 14);
    events.push({
      eventId: text(at),
      sharedEventId: optional(at + 1),
      timeMs: cell(at + 2),
      name: text(at + 3),
      operation: text(at + 4) as KmsEvent["operation"],
      region: text(at + 5),
      recipientAccountId: optional(at + 6),
      principal: listed(table.principals, cell(at + 7)),
      keys: listed(table.keys, cell(at + 8)),
      error: rare < 0 ? undefined : listed(table.errors, rare),
      source: {
        kind: listed(SOURCE_KINDS, source % SOURCE_KINDS.length),
        value: listed(texts, Math.floor(source / SOURCE_KINDS.length)),
      },
      userAgent: optional(at + 10),
      context: cell(at + 11) < 0 ? undefined : listed(table.contexts, cell(at + 11)),
      networkActivity: (flags & NETWORK_ACTIVITY) !== 0,
      serviceEvent: (flags & SERVICE_EVENT) !== 0,
      vpcEndpointId: optional(at + 13),
      attestation: optional(at + 15),
      service: (flags & CLOUDTRAIL_CALL) === 0 ? undefined : "cloudtrail",
      parameters: rare < 0 ? undefined : listed(table.parameters, rare),
      signing: rare < 0 ? undefined : listed(table.signings, rare),
    });
  }
  return events;
}

function listed<Value>(list: readonly Value[], place: number): Value {
  if (!(place >= 0 && place < list.length)) {
    throw new RangeError("a cell names no part of its table");
  }
  return list[place] as Value;
}

/** A list of distinct texts. */
class Texts {
  readonly list: string[] = [];
  readonly #places = new Map<string, number>();

  /** Adds a text that is hardly ever there twice, without looking. */
  add(text: string): number {
    return this.list.push(text) - 1;
  }

  place(text: string): number {
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    const place = this.list.push(text) - 1;
    this.#places.set(text, place);
    return place;
  }

  optional(text: string | undefined): number {
    return text === undefined ? -1 : this.place(text);
  }
}

/** Values that may share a hint before the oldest of them gives way. */
const MOST_OF_A_HINT = 8;

/** A list of distinct values. The hint finds candidates, comparison decides: hints are made of an attacker's text. */
class Shared<Value> {
  readonly list: Value[] = [];
  readonly #byHint = new Map<string, number[]>();
  readonly #isSame: (one: Value, other: Value) => boolean;

  constructor(isSame: (one: Value, other: Value) => boolean) {
    this.#isSame = isSame;
  }

  place(hint: string, value: Value): number {
    let places = this.#byHint.get(hint);
    if (places === undefined) {
      places = [];
      this.#byHint.set(hint, places);
    }
    for (const place of places) {
      const known = this.list[place];
      if (known === value || (known !== undefined && this.#isSame(known, value))) return place;
    }
    const place = this.list.push(value) - 1;
    if (places.push(place) > MOST_OF_A_HINT) places.shift();
    return place;
  }
}

type Principal = KmsEvent["principal"];

/** Field by field: comparing whatever fields there are took longer than parsing. */
function isSamePrincipal(one: Principal, other: Principal): boolean {
  return (
    one.key === other.key &&
    one.entity === other.entity &&
    one.type === other.type &&
    one.accountId === other.accountId &&
    one.name === other.name &&
    one.session === other.session &&
    one.via === other.via &&
    one.human === other.human &&
    one.service === other.service &&
    one.family === other.family &&
    one.accessKeyId === other.accessKeyId
  );
}

function isSameKeys(one: KmsEvent["keys"], other: KmsEvent["keys"]): boolean {
  if (one.length !== other.length) return false;
  return one.every((key, index) => {
    const its = other[index];
    if (key === its) return true;
    return (
      its !== undefined &&
      key.arn === its.arn &&
      key.alias === its.alias &&
      key.accountId === its.accountId &&
      key.region === its.region
    );
  });
}

type Context = NonNullable<KmsEvent["context"]>;

function isSameContext(one: Context, other: Context): boolean {
  if (one.fingerprint !== other.fingerprint || one.place !== other.place) return false;
  if (one.keys.length !== other.keys.length) return false;
  return one.keys.every((key, index) => key === other.keys[index]);
}
