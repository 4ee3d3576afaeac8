import { INSIGHT, SERVICE_SUFFIX } from "./forms.ts";
import { SeenIdentities, type SeenIdentity } from "./identities.ts";
import {
  BRACE,
  BRACKET,
  bytesOf,
  CLOSING_BRACE,
  CLOSING_BRACKET,
  COLON,
  COMMA,
  endOfString,
  is,
  isPartOfWord,
  OUTSIDE_STRINGS,
  QUOTE,
  skipSpace,
} from "./json-bytes.ts";
import { CLOUDTRAIL_EVENT_SOURCE, KMS_EVENT_SOURCE } from "./record.ts";

/**
 * What a JSON value holds, seen without making a value of it: records of other services, which need no more than counting,
 * and the parts to parse. A `kms` part is surely a record of KMS, a `cloudtrail` one of CloudTrail itself; what a `doubtful` one is
 * only parsing can tell.
 */
export interface Sight {
  /** Position after the value. */
  readonly end: number;
  /** Records of services other than KMS and CloudTrail. */
  readonly others: number;
  readonly parts: readonly Part[];
}

export interface Part {
  readonly kind: "kms" | "cloudtrail" | "doubtful";
  readonly start: number;
  readonly end: number;
  /** The only `userIdentity` of a `kms` part, where one that begins so was seen before. */
  readonly identity: PartIdentity | undefined;
}

export interface PartIdentity {
  readonly seen: SeenIdentity;
  readonly start: number;
  readonly end: number;
}

/**
 * Looks at the value that begins at `start`: an object, a list, or an object with a list of `Records`. Undefined where
 * its strings and brackets do not come out even, which no valid JSON does.
 *
 * For valid JSON, counting and parsing as it says gives what parsing everything would give: where a record's service is
 * not plainly written (a name with escapes, a member that occurs twice) the part is doubtful. In JSON that is not valid
 * in some other way only the parts that turn out so are lost.
 */
export function lookAt(bytes: Buffer, start: number): Sight | undefined {
  const found: Found = { others: 0, parts: [] };
  const end =
    bytes[start] === BRACKET ? lookAtList(bytes, start, found) : lookAtObject(bytes, start, found);
  return end === -1 ? undefined : { end, others: found.others, parts: found.parts };
}

interface Found {
  others: number;
  readonly parts: Part[];
}

/** The functions below return the position after what they looked at, or -1 where it does not come out even. */
function lookAtList(bytes: Buffer, start: number, found: Found): number {
  let at = skipSpace(bytes, start + 1);
  while (bytes[at] !== CLOSING_BRACKET) {
    const end = lookAtElement(bytes, at, found);
    if (end === -1) {
      return -1;
    }
    at = skipSpace(bytes, end);
    if (bytes[at] === COMMA) {
      at = skipSpace(bytes, at + 1);
    } else if (bytes[at] !== CLOSING_BRACKET) {
      return -1;
    }
  }
  return at + 1;
}

function lookAtElement(bytes: Buffer, start: number, found: Found): number {
  const signs = newSigns();
  const end =
    bytes[start] === BRACE
      ? scan(bytes, start + 1, 1, signs, undefined)
      : scan(bytes, start, 0, signs, undefined);
  addTo(found, signs, start, end);
  return end;
}

function lookAtObject(bytes: Buffer, start: number, found: Found): number {
  const signs = newSigns();
  const records: Found = { others: 0, parts: [] };
  const end =
    bytes[start] === BRACE
      ? scan(bytes, start + 1, 1, signs, records)
      : scan(bytes, start, 0, signs, undefined);
  const isEnvelope = signs.lists === 1 && signs.sources === 0 && !signs.doubt;
  if (isEnvelope && records.others + records.parts.length > 0) {
    found.others += records.others;
    for (const part of records.parts) {
      found.parts.push(part);
    }
  } else {
    addTo(found, signs, start, end);
  }
  return end;
}

function addTo(found: Found, signs: Signs, start: number, end: number): void {
  const plain = signs.sources === 1 && !signs.doubt;
  if (plain && signs.service === undefined) {
    found.others += 1;
  } else {
    const kind = (plain ? signs.service : undefined) ?? "doubtful";
    const identity = kind === "kms" && signs.identities === 1 ? signs.identity : undefined;
    found.parts.push({ kind, start, end, identity });
  }
}

/** What an object's own members say, not those of the objects inside it. */
interface Signs {
  sources: number;
  service: "kms" | "cloudtrail" | undefined;
  lists: number;
  doubt: boolean;
  /** Whether the object is itself an identity: what is in it is nobody's identity. */
  readonly isIdentity: boolean;
  identities: number;
  identity: PartIdentity | undefined;
  /** Position after the last member that is an object or list. */
  innerEnd: number;
}

function newSigns(isIdentity = false): Signs {
  return {
    sources: 0,
    service: undefined,
    lists: 0,
    doubt: false,
    isIdentity,
    identities: 0,
    identity: undefined,
    innerEnd: -1,
  };
}

/**
 * Goes to the end of what is open `startDepth` deep at `start`, or, at depth 0, of the one value there. This is the loop
 * that sees every byte. What follows a string must be what can follow one, so that a quote too many does not go unnoticed.
 */
function scan(
  bytes: Buffer,
  start: number,
  startDepth: number,
  signs: Signs,
  records: Found | undefined,
): number {
  const { length } = bytes;
  let depth = startDepth;
  let at = start;
  while (at < length) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      const end = endOfString(bytes, at + 1);
      if (end === 0) {
        return -1;
      }
      at =
        depth === 1 && (end < 0 || mayMatter(bytes, at))
          ? lookAtText(bytes, at, end, signs, records)
          : Math.abs(end);
      if (depth === 0 || at === -1) {
        return at;
      }
      continue;
    }
    const step = STEPS[byte] as number;
    if (step === NOT_JSON) {
      return -1;
    }
    depth += step;
    at += 1;
    if (depth === 1 && step < 0) {
      signs.innerEnd = at;
    } else if (depth <= 0 && isOver(depth, step, bytes[at])) {
      return depth === 0 ? at : -1;
    }
  }
  return -1;
}

/** Whether the one value at depth 0 ends, which a word does only with its last letter, or more ends than was open. */
function isOver(depth: number, step: number, next: number | undefined): boolean {
  return !(depth === 0 && step === 0 && isPartOfWord(next));
}

/**
 * A string directly in the object, `end` signed as above: a text, or the name of a member. Only a list of records and an
 * identity are gone through here; every other value is left to the caller.
 */
function lookAtText(
  bytes: Buffer,
  start: number,
  signedEnd: number,
  signs: Signs,
  records: Found | undefined,
): number {
  const end = Math.abs(signedEnd);
  const colon = skipSpace(bytes, end);
  if (bytes[colon] !== COLON) {
    return end;
  }
  if (signedEnd < 0) {
    signs.doubt = true; // A name with escapes may be any name.
    return end;
  }
  const value = skipSpace(bytes, colon + 1);
  if (is(bytes, start, RECORDS)) {
    signs.lists += 1;
    if (records !== undefined && bytes[value] === BRACKET) {
      return lookAtList(bytes, value, records);
    }
    signs.doubt = true;
  } else if (!signs.isIdentity && is(bytes, start, USER_IDENTITY)) {
    signs.identities += 1;
    return bytes[value] === BRACE ? lookAtIdentity(bytes, value, signs) : end;
  } else if (is(bytes, start, EVENT_SOURCE)) {
    lookAtSource(bytes, value, signs);
  } else if (is(bytes, start, EVENT_TYPE)) {
    const isPlain = bytes[value] === QUOTE && endOfString(bytes, value + 1) > 0;
    signs.doubt ||= !isPlain || is(bytes, value, INSIGHT_TYPE);
  }
  return end;
}

/** An identity that begins as one seen before is gone through from there on only. */
function lookAtIdentity(bytes: Buffer, start: number, signs: Signs): number {
  const own = newSigns(true);
  const seen = SEEN.find(bytes, start);
  const end = scan(bytes, start + (seen?.length ?? 1), 1, own, undefined);
  if (seen !== undefined) {
    signs.identity = { seen, start, end };
  } else if (end !== -1 && own.innerEnd !== -1) {
    SEEN.keep(bytes, start, own.innerEnd);
  }
  return end;
}

const SEEN = new SeenIdentities();

/** Whether it may be `Records`, `eventSource`, `eventType` or `userIdentity`: two letters decide in most cases. */
function mayMatter(bytes: Buffer, start: number): boolean {
  const first = bytes[start + 1];
  if (first !== LETTER_E) {
    return first === LETTER_R || (first === LETTER_U && bytes[start + 5] === LETTER_I);
  }
  const sixth = bytes[start + 6];
  return sixth === LETTER_S || sixth === LETTER_T;
}

function lookAtSource(bytes: Buffer, value: number, signs: Signs): void {
  const end = bytes[value] === QUOTE ? endOfString(bytes, value + 1) : 0;
  signs.doubt ||= end <= 0 || !is(bytes, end - SERVICE_END.length, SERVICE_END);
  signs.sources += 1;
  if (is(bytes, value, KMS)) signs.service = "kms";
  else signs.service = is(bytes, value, CLOUDTRAIL) ? "cloudtrail" : undefined;
}

const LETTER_I = 73;
const LETTER_R = 82;
const LETTER_S = 83;
const LETTER_T = 84;
const LETTER_E = 101;
const LETTER_U = 117;
const NOT_JSON = 127;

const EVENT_SOURCE = bytesOf('"eventSource"');
const EVENT_TYPE = bytesOf('"eventType"');
const USER_IDENTITY = bytesOf('"userIdentity"');
const RECORDS = bytesOf('"Records"');
const INSIGHT_TYPE = bytesOf(`"${INSIGHT}"`);
const KMS = bytesOf(`"${KMS_EVENT_SOURCE}"`);
const CLOUDTRAIL = bytesOf(`"${CLOUDTRAIL_EVENT_SOURCE}"`);
const SERVICE_END = bytesOf(`${SERVICE_SUFFIX}"`);

/** How much deeper it is after a byte that stands outside of strings. */
const STEPS = Int8Array.from(OUTSIDE_STRINGS, (allowed) => (allowed === 1 ? 0 : NOT_JSON));
STEPS[BRACE] = 1;
STEPS[BRACKET] = 1;
STEPS[CLOSING_BRACE] = -1;
STEPS[CLOSING_BRACKET] = -1;
