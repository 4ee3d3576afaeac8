import { INSIGHT, SERVICE_SUFFIX } from "./forms.ts";
import { KMS_EVENT_SOURCE } from "./record.ts";
import {
  BACKSLASH,
  BRACE,
  BRACKET,
  CLOSING_BRACE,
  CLOSING_BRACKET,
  COMMA,
  QUOTE,
  skipName,
  skipSpace,
  skipValue,
} from "./scan.ts";

/**
 * What a JSON value is, seen without making a value of it: a record of another service, a record of KMS, a list whose
 * elements were seen one by one, or something that only parsing can tell.
 *
 * Whoever looks closely must come to the same answer: where it is not certain (a name written with escapes, a member
 * that occurs twice) the answer is `unsure`.
 */
export interface Sight {
  readonly kind: "other" | "kms" | "list" | "unsure";
  readonly start: number;
  /** Position after the value. */
  readonly end: number;
  readonly elements: readonly Sight[];
}

/** Looks at the value that begins at `start`; undefined where the bytes from there on are not JSON. */
export function lookAt(bytes: Uint8Array, start: number): Sight | undefined {
  if (bytes[start] !== BRACKET) {
    return lookAtElement(bytes, start, true);
  }
  const elements = lookAtElements(bytes, start);
  return elements === undefined
    ? undefined
    : { kind: "list", start, end: elements.end, elements: elements.sights };
}

function lookAtElement(bytes: Uint8Array, start: number, outermost: boolean): Sight | undefined {
  if (bytes[start] === BRACE) {
    return lookAtObject(bytes, start, outermost);
  }
  const end = skipValue(bytes, start);
  return end === -1 ? undefined : { kind: "unsure", start, end, elements: NONE };
}

const NONE: readonly Sight[] = [];

interface Elements {
  readonly end: number;
  readonly sights: readonly Sight[];
}

function lookAtElements(bytes: Uint8Array, start: number): Elements | undefined {
  const sights: Sight[] = [];
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === CLOSING_BRACKET) {
    return { end: at + 1, sights };
  }
  for (;;) {
    const sight = lookAtElement(bytes, at, false);
    if (sight === undefined) {
      return undefined;
    }
    sights.push(sight);
    at = skipSpace(bytes, sight.end);
    if (bytes[at] === CLOSING_BRACKET) {
      return { end: at + 1, sights };
    }
    if (bytes[at] !== COMMA) {
      return undefined;
    }
    at = skipSpace(bytes, at + 1);
  }
}

/** What an object's own members say, not those of the objects inside it. */
interface Signs {
  source: "none" | "other" | "kms";
  doubt: boolean;
  /** The elements of `Records`, looked for in the outermost object only. */
  records: readonly Sight[] | undefined;
}

function lookAtObject(bytes: Uint8Array, start: number, outermost: boolean): Sight | undefined {
  const signs: Signs = { source: "none", doubt: false, records: undefined };
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === CLOSING_BRACE) {
    return { kind: "unsure", start, end: at + 1, elements: NONE };
  }
  for (;;) {
    const value = skipName(bytes, at);
    if (value === -1) {
      return undefined;
    }
    at = lookAtMember(bytes, at, value, outermost, signs);
    at = at === -1 ? -1 : skipSpace(bytes, at);
    if (at === -1 || (bytes[at] !== COMMA && bytes[at] !== CLOSING_BRACE)) {
      return undefined;
    }
    if (bytes[at] === CLOSING_BRACE) {
      return sightOf(signs, start, at + 1);
    }
    at = skipSpace(bytes, at + 1);
  }
}

function sightOf(signs: Signs, start: number, end: number): Sight {
  const { source, doubt, records } = signs;
  if (doubt) {
    return { kind: "unsure", start, end, elements: NONE };
  }
  if (source !== "none") {
    return { kind: source, start, end, elements: NONE };
  }
  return { kind: records === undefined ? "unsure" : "list", start, end, elements: records ?? NONE };
}

/** Looks at the member whose name begins at `name` and whose value at `value`; the position after it. */
function lookAtMember(
  bytes: Uint8Array,
  name: number,
  value: number,
  outermost: boolean,
  signs: Signs,
): number {
  if (is(bytes, name, EVENT_SOURCE)) {
    return lookAtSource(bytes, value, signs);
  }
  if (is(bytes, name, EVENT_TYPE)) {
    const end = skipValue(bytes, value);
    signs.doubt ||= is(bytes, value, INSIGHT_TYPE) || isEscaped(bytes, value, end);
    return end;
  }
  if (outermost && is(bytes, name, RECORDS) && bytes[value] === BRACKET) {
    const elements = lookAtElements(bytes, value);
    signs.doubt ||= signs.records !== undefined || elements?.sights.length === 0;
    signs.records = elements?.sights;
    return elements?.end ?? -1;
  }
  signs.doubt ||= isEscaped(bytes, name, value) || is(bytes, name, RECORDS);
  return skipValue(bytes, value);
}

function lookAtSource(bytes: Uint8Array, value: number, signs: Signs): number {
  const end = skipValue(bytes, value);
  const plain = bytes[value] === QUOTE && end !== -1 && !isEscaped(bytes, value, end);
  const service = plain && endsWith(bytes, end, SERVICE_END);
  signs.doubt ||= !service || signs.source !== "none";
  signs.source = is(bytes, value, KMS) ? "kms" : "other";
  return end;
}

/** Whether exactly these bytes stand there. */
function is(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index += 1) {
    if (bytes[at + index] !== expected[index]) {
      return false;
    }
  }
  return true;
}

function endsWith(bytes: Uint8Array, end: number, expected: Uint8Array): boolean {
  return is(bytes, end - expected.length, expected);
}

function isEscaped(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== QUOTE || end === -1) {
    return false;
  }
  for (let at = start; at < end; at += 1) {
    if (bytes[at] === BACKSLASH) {
      return true;
    }
  }
  return false;
}

const EVENT_SOURCE = Uint8Array.from(Buffer.from('"eventSource"'));
const EVENT_TYPE = Uint8Array.from(Buffer.from('"eventType"'));
const RECORDS = Uint8Array.from(Buffer.from('"Records"'));
const INSIGHT_TYPE = Uint8Array.from(Buffer.from(`"${INSIGHT}"`));
const KMS = Uint8Array.from(Buffer.from(`"${KMS_EVENT_SOURCE}"`));
const SERVICE_END = Uint8Array.from(Buffer.from(`${SERVICE_SUFFIX}"`));
