export const QUOTE = 34;
export const COMMA = 44;
export const BRACKET = 91;
const BACKSLASH = 92;
export const CLOSING_BRACKET = 93;
export const BRACE = 123;

/** The first position from `at` on that is not white space. */
export function skipSpace(bytes: Buffer, at: number): number {
  let next = at;
  while (isSpace(bytes[next])) {
    next += 1;
  }
  return next;
}

/**
 * The position after the closing quote, negative if there are escapes before it; 0 where there is no closing quote, or
 * one with something after it that cannot follow a string.
 */
export function endOfString(bytes: Buffer, start: number): number {
  let at = start;
  let sign = 1;
  for (;;) {
    let byte = bytes[at];
    while (byte !== QUOTE && byte !== BACKSLASH && byte !== undefined) {
      at += 1;
      byte = bytes[at];
    }
    if (byte !== BACKSLASH) {
      return byte === QUOTE && canFollowString(bytes[at + 1]) ? sign * (at + 1) : 0;
    }
    sign = -1;
    at += 2;
  }
}

/** Whether exactly these bytes stand there. */
export function is(bytes: Buffer, at: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index += 1) {
    if (bytes[at + index] !== expected[index]) {
      return false;
    }
  }
  return true;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 32 || byte === 10 || byte === 13 || byte === 9;
}

function canFollowString(byte: number | undefined): boolean {
  return byte === undefined || AFTER_STRING[byte] === 1;
}

/** The position after a number or literal, or whatever else begins with a byte that can stand outside of strings; -1 elsewhere. */
export function endOfWord(bytes: Buffer, start: number): number {
  const first = bytes[start];
  if (first === undefined || OUTSIDE_STRINGS[first] !== 1) {
    return -1;
  }
  let at = start + 1;
  while (isPartOfWord(bytes[at])) {
    at += 1;
  }
  return at;
}

/** Part of a number or of `true`, `false`, `null`. */
function isPartOfWord(byte: number | undefined): boolean {
  return byte !== undefined && WORD[byte] === 1;
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text));
}

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of bytesOf(characters)) {
    table[byte] = 1;
  }
  return table;
}

/** Bytes of numbers and literals; with space, colon and comma, all that stands between strings and brackets. */
const WORD = tableOf("truefalsn0123456789+-.E");
const OUTSIDE_STRINGS = tableOf("truefalsn0123456789+-.E \n\r\t:,");
const AFTER_STRING = tableOf(" \n\r\t:,}]");
