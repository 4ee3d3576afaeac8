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
} from "../../src/cloudtrail/json-bytes.ts";
import type { Part, Sight } from "../../src/cloudtrail/scan.ts";

/**
 * What `Scanner` sees, seen byte by byte: the same rules in the plainest form, for valid JSON and any other bytes. No part has an
 * identity here.
 */
export function lookByByte(bytes: Buffer, start: number): Sight | undefined {
  const found: Found = { others: 0, parts: [] };
  const end =
    bytes[start] === BRACKET ? lookAtList(bytes, start, found) : lookAtObject(bytes, start, found);
  return end === -1 ? undefined : { end, ...found };
}

interface Found {
  others: number;
  readonly parts: Part[];
}

/** What an object's own members say, not those of the objects inside it. */
interface Signs {
  sources: number;
  service: "kms" | "cloudtrail" | undefined;
  types: number;
  lists: number;
  doubt: boolean;
}

/** The functions below return the position after what they looked at, or -1 where it does not come out even. */
function lookAtList(bytes: Buffer, start: number, found: Found): number {
  let at = skipSpace(bytes, start + 1);
  while (bytes[at] !== CLOSING_BRACKET) {
    const signs = newSigns();
    const end = lookAtValue(bytes, at, signs, undefined);
    if (end === -1) return -1;
    addTo(found, signs, at, end);
    at = skipSpace(bytes, end);
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
    else if (bytes[at] !== CLOSING_BRACKET) return -1;
  }
  return at + 1;
}

function lookAtObject(bytes: Buffer, start: number, found: Found): number {
  const signs = newSigns();
  const records: Found = { others: 0, parts: [] };
  const end = lookAtValue(bytes, start, signs, bytes[start] === BRACE ? records : undefined);
  const isEnvelope = signs.lists === 1 && signs.sources === 0 && !signs.doubt;
  if (isEnvelope && records.others + records.parts.length > 0) {
    found.others += records.others;
    found.parts.push(...records.parts);
  } else {
    addTo(found, signs, start, end);
  }
  return end;
}

function lookAtValue(
  bytes: Buffer,
  start: number,
  signs: Signs,
  records: Found | undefined,
): number {
  const first = bytes[start];
  if (first === BRACE || first === BRACKET) return lookInside(bytes, start + 1, signs, records);
  if (first === QUOTE) return Math.abs(endOfString(bytes, start + 1)) || -1;
  return endOfWord(bytes, start);
}

function lookInside(
  bytes: Buffer,
  start: number,
  signs: Signs,
  records: Found | undefined,
): number {
  let depth = 1;
  let at = start;
  while (depth > 0) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      const end = endOfString(bytes, at + 1);
      if (end === 0) return -1;
      at = depth === 1 ? lookAtText(bytes, at, end, signs, records) : Math.abs(end);
      if (at === -1) return -1;
      continue;
    }
    if (byte === undefined || !OUTSIDE_STRINGS.includes(byte)) return -1;
    if (OPENING.includes(byte)) depth += 1;
    if (CLOSING.includes(byte)) depth -= 1;
    at += 1;
  }
  return at;
}

/** A string directly in the object, `signedEnd` negative where it has escapes: a text, or the name of a member. */
function lookAtText(
  bytes: Buffer,
  start: number,
  signedEnd: number,
  signs: Signs,
  records: Found | undefined,
): number {
  const end = Math.abs(signedEnd);
  const colon = skipSpace(bytes, end);
  if (bytes[colon] !== COLON) return end;
  if (signedEnd < 0) {
    signs.doubt = true;
    return end;
  }
  const value = skipSpace(bytes, colon + 1);
  if (is(bytes, start, RECORDS)) {
    signs.lists += 1;
    if (records !== undefined && bytes[value] === BRACKET) {
      return lookAtList(bytes, value, records);
    }
    signs.doubt = true;
  } else if (is(bytes, start, SOURCE)) {
    lookAtSource(bytes, value, signs);
  } else if (is(bytes, start, TYPE)) {
    const isPlain = bytes[value] === QUOTE && endOfString(bytes, value + 1) > 0;
    signs.types += 1;
    signs.doubt ||= signs.types > 1 || !isPlain || is(bytes, value, INSIGHT_TYPE);
  }
  return end;
}

function lookAtSource(bytes: Buffer, value: number, signs: Signs): void {
  const end = bytes[value] === QUOTE ? endOfString(bytes, value + 1) : 0;
  signs.doubt ||= end <= 0 || !is(bytes, end - SERVICE_END.length, SERVICE_END);
  signs.sources += 1;
  if (is(bytes, value, KMS)) signs.service = "kms";
  else signs.service = is(bytes, value, CLOUDTRAIL) ? "cloudtrail" : undefined;
}

function addTo(found: Found, signs: Signs, start: number, end: number): void {
  const plain = signs.sources === 1 && !signs.doubt;
  if (plain && signs.service === undefined) {
    found.others += 1;
  } else {
    const kind = (plain ? signs.service : undefined) ?? "doubtful";
    found.parts.push({ kind, start, end, identity: undefined });
  }
}

function newSigns(): Signs {
  return { sources: 0, service: undefined, types: 0, lists: 0, doubt: false };
}

const COLON = 0x3a;
const OPENING = bytesOf("[{");
const CLOSING = bytesOf("]}");
const OUTSIDE_STRINGS = bytesOf("truefalsn0123456789+-.E \n\r\t:,[]{}");
const RECORDS = bytesOf('"Records"');
const SOURCE = bytesOf('"eventSource"');
const TYPE = bytesOf('"eventType"');
const INSIGHT_TYPE = bytesOf('"AwsCloudTrailInsight"');
const KMS = bytesOf('"kms.amazonaws.com"');
const CLOUDTRAIL = bytesOf('"cloudtrail.amazonaws.com"');
const SERVICE_END = bytesOf('.amazonaws.com"');
