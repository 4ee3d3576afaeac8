import { INSIGHT, SERVICE_SUFFIX } from "./forms.ts";
import { SeenIdentities, type SeenIdentity } from "./identities.ts";
import {
  BRACE,
  BRACKET,
  bytesOf,
  CLOSING_BRACKET,
  COMMA,
  endOfString,
  endOfWord,
  is,
  QUOTE,
  skipSpace,
} from "./json-bytes.ts";
import * as layout from "./members/layout.ts";
import { MemberFinder } from "./members/member-finder.ts";
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

interface Found {
  others: number;
  readonly parts: Part[];
}

/** Looks at the values of one text. Its methods return the position after what they looked at, or -1 where it does not come out even. */
export class Scanner {
  readonly #bytes: Buffer;
  readonly #finder: MemberFinder;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#finder = new MemberFinder(bytes);
  }

  /**
   * Looks at the value that begins at `start`: an object, a list, or an object with a list of `Records`. Undefined where
   * its strings and brackets do not come out even, which no valid JSON does.
   *
   * For valid JSON, counting and parsing as it says gives what parsing everything would give: where a record's service is
   * not plainly written (a name with escapes, a member that occurs twice) the part is doubtful. In JSON that is not valid
   * in some other way only the parts that turn out so are lost.
   */
  lookAt(start: number): Sight | undefined {
    const found: Found = { others: 0, parts: [] };
    const end =
      this.#bytes[start] === BRACKET
        ? this.#lookAtList(start, found)
        : this.#lookAtObject(start, found);
    return end === -1 ? undefined : { end, others: found.others, parts: found.parts };
  }

  /** This and the methods below return the position after what they looked at, or -1 where it does not come out even. */
  #lookAtList(start: number, found: Found): number {
    const bytes = this.#bytes;
    let at = skipSpace(bytes, start + 1);
    while (bytes[at] !== CLOSING_BRACKET) {
      const signs = newSigns();
      const end = this.#lookAtValue(at, signs, undefined);
      if (end === -1) {
        return -1;
      }
      addTo(found, signs, at, end);
      at = skipSpace(bytes, end);
      if (bytes[at] === COMMA) {
        at = skipSpace(bytes, at + 1);
      } else if (bytes[at] !== CLOSING_BRACKET) {
        return -1;
      }
    }
    return at + 1;
  }

  #lookAtObject(start: number, found: Found): number {
    const signs = newSigns();
    const records: Found = { others: 0, parts: [] };
    const isObject = this.#bytes[start] === BRACE;
    const end = this.#lookAtValue(start, signs, isObject ? records : undefined);
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

  #lookAtValue(start: number, signs: Signs, records: Found | undefined): number {
    const first = this.#bytes[start];
    if (first === BRACE || first === BRACKET) {
      return this.#lookInside(start + 1, signs, records);
    }
    if (first === QUOTE) {
      return Math.abs(endOfString(this.#bytes, start + 1)) || -1;
    }
    return endOfWord(this.#bytes, start);
  }

  #lookInside(start: number, signs: Signs, records: Found | undefined): number {
    const finder = this.#finder;
    let at = start;
    for (;;) {
      const ending = finder.go(at);
      if (ending === layout.UNEVEN) {
        return -1;
      }
      at = finder.end;
      this.#readMembers(signs);
      if (ending === layout.CLOSED) {
        return at;
      }
      signs.lists += 1;
      const value = skipSpace(this.#bytes, at + 1);
      if (records !== undefined && this.#bytes[value] === BRACKET) {
        at = this.#lookAtList(value, records);
        if (at === -1) {
          return -1;
        }
      } else {
        signs.doubt = true;
        at += 1;
      }
    }
  }

  #readMembers(signs: Signs): void {
    const finder = this.#finder;
    signs.doubt ||= finder.number(layout.ESCAPED_NAME) > 0 || finder.number(layout.TYPES) > 1;
    const sources = finder.number(layout.SOURCES);
    if (sources > 0) {
      signs.sources += sources;
      this.#readSource(skipSpace(this.#bytes, finder.position(layout.SOURCE_COLON) + 1), signs);
    }
    if (finder.number(layout.TYPES) > 0) {
      this.#readType(skipSpace(this.#bytes, finder.position(layout.TYPE_COLON) + 1), signs);
    }
    const identities = finder.number(layout.IDENTITIES);
    signs.identities += identities;
    if (identities > 0 && signs.service === "kms") {
      this.#readIdentity(signs);
    }
  }

  #readSource(value: number, signs: Signs): void {
    const bytes = this.#bytes;
    const end = bytes[value] === QUOTE ? endOfString(bytes, value + 1) : 0;
    signs.doubt ||= end <= 0 || !is(bytes, end - SERVICE_END.length, SERVICE_END);
    if (is(bytes, value, KMS)) signs.service = "kms";
    else signs.service = is(bytes, value, CLOUDTRAIL) ? "cloudtrail" : undefined;
  }

  #readType(value: number, signs: Signs): void {
    const bytes = this.#bytes;
    const isPlain = bytes[value] === QUOTE && endOfString(bytes, value + 1) > 0;
    signs.doubt ||= !isPlain || is(bytes, value, INSIGHT_TYPE);
  }

  #readIdentity(signs: Signs): void {
    const bytes = this.#bytes;
    const finder = this.#finder;
    const start = skipSpace(bytes, finder.position(layout.IDENTITY_COLON) + 1);
    if (bytes[start] !== BRACE) {
      return;
    }
    const seen = SEEN.find(bytes, start);
    if (seen !== undefined) {
      signs.identity = { seen, start, end: finder.position(layout.IDENTITY_END) };
    } else if (finder.number(layout.IDENTITY_INNER_END) > 0) {
      SEEN.keep(bytes, start, finder.position(layout.IDENTITY_INNER_END));
    }
  }
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
  identities: number;
  identity: PartIdentity | undefined;
}

function newSigns(): Signs {
  return {
    sources: 0,
    service: undefined,
    lists: 0,
    doubt: false,
    identities: 0,
    identity: undefined,
  };
}

const SEEN = new SeenIdentities();

const INSIGHT_TYPE = bytesOf(`"${INSIGHT}"`);
const KMS = bytesOf(`"${KMS_EVENT_SOURCE}"`);
const CLOUDTRAIL = bytesOf(`"${CLOUDTRAIL_EVENT_SOURCE}"`);
const SERVICE_END = bytesOf(`${SERVICE_SUFFIX}"`);
