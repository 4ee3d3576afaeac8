import type { KmsEvent } from "./event.ts";
import { formOf, UNKNOWN } from "./forms.ts";
import { isAggregate, openAggregate } from "./kpl.ts";
import { isFault, isSensorCall, KMS_EVENT_SOURCE, parseRecord } from "./record.ts";
import {
  EnvelopeError,
  type ObjectPointer,
  type Reading,
  type ReadOptions,
  type Rejected,
  type RejectReason,
} from "./records.ts";
import { skipSpace } from "./json-bytes.ts";
import { parsePart } from "./part.ts";
import { type Part, Scanner } from "./scan.ts";
import { beginsDocument, decodeBase64, isBase64, isCompressed, startOf } from "./wrapping.ts";

/**
 * Reads all that one envelope holds: CloudTrail records in any wrapping that AWS puts around them, and notices of log
 * files. What it is shows by looking at it. Never throws: what is not understood is in `rejected`.
 *
 * Layers within layers (base64, gzip, KPL aggregates, JSON in strings) are opened up to eight deep.
 */
export function readEnvelope(data: Uint8Array, options: ReadOptions): Reading {
  const reader = new EnvelopeReader(data, options);
  reader.openBytes(bufferOf(data), 0);
  return reader;
}

const MOST_LAYERS = 8;

/** Lists in lists are no layers, since nothing is opened, but they end too. */
const MOST_LISTS = 8;

/** Beyond this many parts that are not even records, the envelope is set aside whole instead of in crumbs. */
const MOST_CRUMBS = 1000;

/** The bytes a value was parsed from, or as good as those. Asked for only where the value must be set aside. */
type Source = () => Buffer;

class EnvelopeReader implements Reading {
  readonly events: KmsEvent[] = [];
  readonly rejected: Rejected[] = [];
  readonly objects: ObjectPointer[] = [];
  records = 0;
  kmsEvents = 0;
  skipped = 0;
  bytes = 0;

  readonly #envelope: Uint8Array;
  readonly #options: ReadOptions;
  #crumbs = 0;

  constructor(envelope: Uint8Array, options: ReadOptions) {
    this.#envelope = envelope;
    this.#options = options;
  }

  /** Opens bytes of any kind. `layer` counts what has been opened around them. */
  openBytes(data: Buffer, layer: number): void {
    if (data.length === 0) {
      this.#reject("empty", "empty", data);
    } else if (layer > MOST_LAYERS) {
      this.#reject("too-large", `more than ${MOST_LAYERS} layers`, data);
    } else if (isCompressed(data)) {
      this.#openCompressed(data, layer);
    } else {
      this.#openPlain(data, layer);
    }
  }

  #openCompressed(data: Buffer, layer: number): void {
    const { platform, maxOpenedBytes } = this.#options;
    let opened: Uint8Array;
    try {
      opened = platform.gunzip(data, maxOpenedBytes - this.bytes);
    } catch (error) {
      if (!(error instanceof EnvelopeError)) {
        throw error;
      }
      this.#reject(error.reason, error.message, data);
      return;
    }
    // Counted here and not where it is read, so that compressing many times over gains nothing.
    this.bytes += isCompressed(opened) ? opened.byteLength : 0;
    this.openBytes(bufferOf(opened), layer + 1);
    platform.release(opened); // What was rejected of it is a copy.
  }

  #openPlain(data: Buffer, layer: number): void {
    this.bytes += data.length;
    if (this.bytes > this.#options.maxOpenedBytes) {
      this.#reject("too-large", `opens to more than ${this.#options.maxOpenedBytes} bytes`, data);
      return;
    }
    const parts = isAggregate(data) ? openAggregate(data, this.#options.platform) : undefined;
    if (parts === undefined) {
      this.#openText(data, layer);
      return;
    }
    this.skipped += parts.length === 0 ? 1 : 0;
    for (const part of parts) {
      this.openBytes(bufferOf(part), layer + 1);
    }
  }

  /** Reads JSON, one document or many; or base64; or says that it is neither. */
  #openText(text: Buffer, layer: number): void {
    const start = startOf(text);
    const first = text[start];
    if (first === undefined) {
      this.#reject("empty", "nothing but white space", text);
    } else if (beginsDocument(first)) {
      this.#readDocuments(text, start, layer);
    } else {
      this.#openBase64(text, layer);
    }
  }

  #openBase64(text: Buffer, layer: number): void {
    const opened = decodeBase64(text);
    if (opened !== undefined) {
      this.openBytes(opened, layer + 1);
    } else if (/^\s*(?:true|false|null|-?\d{1,99})\s*$/.test(text.toString("latin1"))) {
      this.#reject("not-cloudtrail", "JSON without a CloudTrail record", text);
    } else {
      this.#reject("not-json", "not JSON, nor any known wrapping of it", text);
    }
  }

  /** Documents follow each other with or without a line end between them. */
  #readDocuments(text: Buffer, start: number, layer: number): void {
    const scanner = new Scanner(text);
    for (let at = start; at < text.length;) {
      const sight = beginsDocument(text[at]) ? scanner.lookAt(at) : undefined;
      if (sight === undefined) {
        this.#readBroken(text.subarray(at), layer);
        return;
      }
      this.skipped += sight.others + sight.parts.length === 0 ? 1 : 0;
      this.records += sight.others;
      for (const part of sight.parts) {
        this.#readPart(text, part, layer);
      }
      at = skipSpace(text, sight.end);
    }
  }

  #readPart(text: Buffer, part: Part, layer: number): void {
    const { kind, start, end } = part;
    const source: Source = () => text.subarray(start, end);
    const value = parsePart(text, part);
    if (value === undefined) {
      this.#readBroken(source(), layer, kind === "kms");
    } else if (kind !== "doubtful") {
      this.#readRecord(value, source);
    } else {
      this.#readValue(value, source, layer);
    }
  }

  /** What is not JSON is set aside; but where later lines begin documents, each of them is a new chance. */
  #readBroken(text: Buffer, layer: number, recognised = false): void {
    const end = nextDocument(text, 0);
    if (end === text.length || this.#crumbs > MOST_CRUMBS) {
      this.records += recognised ? 1 : 0;
      this.kmsEvents += recognised ? 1 : 0;
      this.#reject("not-json", "not JSON: torn, or damaged", text, recognised);
      return;
    }
    for (let start = 0; start < text.length;) {
      const next = nextDocument(text, start);
      this.#readDocuments(text.subarray(start, next), 0, layer);
      start = next;
    }
  }

  #readValue(value: unknown, source: Source, layer: number, lists = 0): void {
    const form = lists > MOST_LISTS ? UNKNOWN : formOf(value);
    switch (form.form) {
      case "record":
        this.#readRecord(value, source);
        return;
      case "list":
        for (const element of form.values) {
          this.#readValue(element, () => serialize(element) ?? source(), layer, lists + 1);
        }
        return;
      case "texts":
        for (const text of form.texts) {
          this.#readText(text, source, layer);
        }
        return;
      case "base64":
        this.#readBase64(form.text, layer);
        return;
      case "objects":
        this.objects.push(...form.objects);
        this.skipped += form.others;
        return;
      case "control":
        this.skipped += 1;
        return;
      case "unknown":
        this.#readUnknown(value, source, layer);
    }
  }

  #readText(text: unknown, source: Source, layer: number): void {
    if (typeof text === "string") {
      this.openBytes(Buffer.from(text, "utf8"), layer + 1);
    } else {
      this.#reject("not-cloudtrail", "a log event without a message", source());
    }
  }

  #readBase64(text: string, layer: number): void {
    const bytes = Buffer.from(text, "latin1");
    this.openBytes(isBase64(bytes) ? Buffer.from(text, "base64") : bytes, layer + 1);
  }

  #readUnknown(value: unknown, source: Source, layer: number): void {
    if (typeof value === "string") {
      this.openBytes(Buffer.from(value, "utf8"), layer + 1);
    } else {
      this.#reject("not-cloudtrail", "JSON without a CloudTrail record", source());
    }
  }

  #readRecord(record: unknown, source: Source): void {
    this.records += 1;
    const fields = record as Record<string, unknown>;
    const isKms = fields["eventSource"] === KMS_EVENT_SOURCE;
    if (!isKms && !isSensorCall(fields)) {
      return;
    }
    this.kmsEvents += isKms ? 1 : 0;
    // No record is larger than what was opened; only then is it worth measuring.
    const { maxRecordBytes } = this.#options;
    if (this.bytes > maxRecordBytes && source().length > maxRecordBytes) {
      this.#reject("too-large", "a record larger than allowed", source(), isKms);
      return;
    }
    const parsed = parseRecord(record, this.#options);
    if (isFault(parsed)) {
      this.#reject(parsed.reason, parsed.detail, source(), isKms);
    } else {
      this.events.push(parsed);
    }
  }

  #reject(reason: RejectReason, detail: string, payload: Uint8Array, recognised = false): void {
    this.#crumbs += recognised ? 0 : 1;
    if (recognised || this.#crumbs <= MOST_CRUMBS) {
      this.rejected.push({ reason, detail, recognised, payload: new Uint8Array(payload) });
    } else if (this.#crumbs === MOST_CRUMBS + 1) {
      const whole = `more than ${MOST_CRUMBS} parts not understood: the envelope as a whole`;
      this.rejected.push({
        reason,
        detail: whole,
        recognised,
        payload: new Uint8Array(this.#envelope),
      });
    }
  }
}

function bufferOf(data: Uint8Array): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** Where the next line begins a document, from the line after `start` on. */
function nextDocument(text: Buffer, start: number): number {
  for (let at = text.indexOf(10, start); at !== -1; at = text.indexOf(10, at + 1)) {
    if (text[at + 1] === 0x7b || text[at + 1] === 0x5b) {
      return at + 1;
    }
  }
  return text.length;
}

/** Undefined where the value is nested too deep to be written again. */
function serialize(value: unknown): Buffer | undefined {
  try {
    return Buffer.from(JSON.stringify(value), "utf8");
  } catch (error) {
    if (error instanceof RangeError) {
      return undefined;
    }
    throw error;
  }
}
