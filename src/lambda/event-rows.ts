import type {
  CallError,
  CallSource,
  EncryptionContext,
  KmsEvent,
  KmsKey,
  Principal,
} from "../cloudtrail/event.ts";

/** An event as a row of scalars and of numbers into a table of values that many events share. */
export type EventRow = readonly unknown[];

/** Values that events share, each once; number 0 stands for undefined. */
export type SharedValues = readonly unknown[];

const NETWORK_ACTIVITY = 1;
const SERVICE_EVENT = 2;

/** Writes events as rows, and the values that they share into a table beside them. */
export class RowWriter {
  readonly values: unknown[] = [null];
  readonly #numbers = new Map<string, number>();
  /** The parser hands out one object for equal principals and keys, so most are found without being written. */
  readonly #known = new Map<object, number>();

  write(event: KmsEvent): EventRow {
    return [
      event.eventId,
      event.sharedEventId ?? 0,
      event.timeMs,
      this.#text(event.name),
      this.#text(event.operation),
      this.#text(event.region),
      this.#text(event.recipientAccountId),
      this.#value(event.principal, principalFields),
      event.keys.map((key) => this.#value(key, keyFields)),
      this.#value(event.error, errorFields),
      this.#value(event.source, sourceFields),
      this.#text(event.userAgent),
      this.#value(event.context, contextFields),
      (event.networkActivity ? NETWORK_ACTIVITY : 0) | (event.serviceEvent ? SERVICE_EVENT : 0),
      this.#text(event.vpcEndpointId),
      this.#text(event.service),
      parametersField(event.parameters),
      this.#text(event.attestation),
      this.#text(event.signing),
    ];
  }

  #text(text: string | undefined): number {
    return text === undefined ? 0 : this.#number(JSON.stringify(text), text);
  }

  #value<Value extends object>(
    value: Value | undefined,
    fieldsOf: (value: Value) => readonly unknown[],
  ): number {
    if (value === undefined) return 0;
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const fields = fieldsOf(value);
    const number = this.#number(JSON.stringify(fields), fields);
    this.#known.set(value, number);
    return number;
  }

  #number(text: string, value: unknown): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.values.push(value) - 1;
    this.#numbers.set(text, number);
    return number;
  }
}

const principalFields = (principal: Principal) => [
  principal.key,
  principal.entity,
  principal.type,
  principal.accountId ?? null,
  principal.name,
  principal.session ?? null,
  principal.via ?? null,
  principal.human,
  principal.service,
  principal.family,
  principal.accessKeyId ?? null,
];
const keyFields = ({ arn, accountId, region, alias }: KmsKey) => [
  arn,
  accountId,
  region,
  alias ?? null,
];
const errorFields = (error: CallError) => [error.code, error.class];
const sourceFields = ({ kind, value }: CallSource) => [kind, value];
const contextFields = ({ keys, fingerprint, place }: EncryptionContext) => [
  keys,
  fingerprint,
  place ?? null,
];

/** Parameters as they are, or as tagged JSON text where plain JSON would change a number. */
function parametersField(parameters: KmsEvent["parameters"]): unknown {
  if (parameters === undefined) return 0;
  return isPlain(parameters) ? parameters : JSON.stringify(parameters, tagNumber);
}

/** Whether JSON can write every number of a value: an overflowing one is infinite after parsing, and −0 has a sign. */
function isPlain(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== "object" || value === null) return true;
  return Object.values(value).every(isPlain);
}

const TAG = "\u0000";

function tagNumber(_: string, value: unknown): unknown {
  if (typeof value === "number" && !isPlain(value)) {
    return `${TAG}${Object.is(value, -0) ? "-0" : String(value)}`;
  }
  return typeof value === "string" && value.startsWith(TAG) ? TAG + value : value;
}

function untagNumber(_: string, value: unknown): unknown {
  if (typeof value !== "string" || !value.startsWith(TAG)) return value;
  return value.startsWith(TAG, 1) ? value.slice(1) : Number(value.slice(1));
}

/** Reads rows back; equal values of many events become one object. Throws RangeError where a row is not of this form. */
export class RowReader {
  readonly #values: SharedValues;
  readonly #read = new Map<number, unknown>();

  constructor(values: SharedValues) {
    this.#values = values;
  }

  read(row: EventRow): KmsEvent {
    const flags = row[13];
    const keys = row[8];
    if (typeof flags !== "number" || !Array.isArray(keys)) throw new RangeError("not an event");
    const event: Required<KmsEvent> = {
      eventId: textIn(row[0]),
      sharedEventId: row[1] === 0 ? undefined : textIn(row[1]),
      timeMs: numberIn(row[2]),
      name: this.#text(row[3]),
      operation: this.#text(row[4]) as KmsEvent["operation"],
      region: this.#text(row[5]),
      recipientAccountId: this.#optionalText(row[6]),
      principal: this.#value(row[7], principalOf),
      keys: keys.map((number) => this.#value(number, keyOf)),
      error: this.#optional(row[9], errorOf),
      source: this.#value(row[10], sourceOf),
      userAgent: this.#optionalText(row[11]),
      context: this.#optional(row[12], contextOf),
      networkActivity: (flags & NETWORK_ACTIVITY) !== 0,
      serviceEvent: (flags & SERVICE_EVENT) !== 0,
      vpcEndpointId: this.#optionalText(row[14]),
      service: this.#optionalText(row[15]) as KmsEvent["service"],
      parameters: parametersIn(row[16]),
      // Rows that were written before there was an 18th or 19th cell may still be on their way.
      attestation: this.#optionalText(row[17] ?? 0),
      signing: this.#optionalText(row[18] ?? 0),
    };
    return event;
  }

  #text(number: unknown): string {
    return textIn(this.#values[numberIn(number)]);
  }

  #optionalText(number: unknown): string | undefined {
    return number === 0 ? undefined : this.#text(number);
  }

  #optional<Value>(number: unknown, from: (fields: readonly unknown[]) => Value) {
    return number === 0 ? undefined : this.#value(number, from);
  }

  #value<Value>(number: unknown, from: (fields: readonly unknown[]) => Value): Value {
    const at = numberIn(number);
    const known = this.#read.get(at);
    if (known !== undefined) return known as Value;
    const fields = this.#values[at];
    if (!Array.isArray(fields)) throw new RangeError(`no shared value ${at}`);
    const value = from(fields);
    this.#read.set(at, value);
    return value;
  }
}

const principalOf = (fields: readonly unknown[]): Principal => ({
  key: textIn(fields[0]),
  entity: textIn(fields[1]),
  type: textIn(fields[2]),
  accountId: optionalTextIn(fields[3]),
  name: textIn(fields[4]),
  session: optionalTextIn(fields[5]),
  via: optionalTextIn(fields[6]),
  human: fields[7] === true,
  service: fields[8] === true,
  family: textIn(fields[9]),
  accessKeyId: optionalTextIn(fields[10]),
});
const keyOf = (fields: readonly unknown[]): KmsKey => ({
  arn: textIn(fields[0]),
  accountId: textIn(fields[1]),
  region: textIn(fields[2]),
  alias: optionalTextIn(fields[3]),
});
const errorOf = (fields: readonly unknown[]): CallError => ({
  code: textIn(fields[0]),
  class: textIn(fields[1]) as CallError["class"],
});
const sourceOf = (fields: readonly unknown[]): CallSource => ({
  kind: textIn(fields[0]) as CallSource["kind"],
  value: textIn(fields[1]),
});
const contextOf = (fields: readonly unknown[]): EncryptionContext => {
  const keys = fields[0];
  if (!Array.isArray(keys)) throw new RangeError("not a context");
  return {
    keys: keys.map(textIn),
    fingerprint: textIn(fields[1]),
    // As with cells: contexts of two fields may still be on their way.
    place: optionalTextIn(fields[2] ?? null),
  };
};

function parametersIn(field: unknown): KmsEvent["parameters"] {
  if (field === 0) return undefined;
  const value: unknown = typeof field === "string" ? JSON.parse(field, untagNumber) : field;
  if (typeof value !== "object" || value === null) throw new RangeError("not parameters");
  return value as Readonly<Record<string, unknown>>;
}

function textIn(value: unknown): string {
  if (typeof value !== "string") throw new RangeError(`expected text, found ${typeof value}`);
  return value;
}

function optionalTextIn(value: unknown): string | undefined {
  return value === null ? undefined : textIn(value);
}

function numberIn(value: unknown): number {
  if (typeof value !== "number") throw new RangeError(`expected a number, found ${typeof value}`);
  return value;
}
