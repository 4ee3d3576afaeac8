/**
 * Reads JSON without making values of it: where each value ends, and which records are about KMS.
 *
 * It accepts exactly what `JSON.parse` accepts (RFC 8259), so that a document is taken apart only if it is valid as a whole;
 * a property test holds the two against each other. Every function takes the position where something begins and returns
 * the position after it, or -1 where the bytes are not JSON.
 */

/** The first position from `at` on that is not white space. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let next = at;
  while (next < bytes.length && isSpace(bytes[next] as number)) {
    next += 1;
  }
  return next;
}

/** Skips one value of any kind. It does not recurse, so that no nesting is too deep for it. */
export function skipValue(bytes: Uint8Array, start: number): number {
  const open: number[] = [];
  let at = start;
  for (;;) {
    const first = bytes[at];
    if (first === BRACE || first === BRACKET) {
      const closing = first + 2;
      at = skipSpace(bytes, at + 1);
      if (bytes[at] !== closing) {
        open.push(closing);
        at = first === BRACE ? skipName(bytes, at) : at;
        if (at === -1) {
          return -1;
        }
        continue;
      }
      at += 1;
    } else {
      at = first === QUOTE ? skipString(bytes, at) : skipScalar(bytes, at);
    }
    at = at === -1 ? -1 : toNextValue(bytes, at, open);
    if (at === -1 || open.length === 0) {
      return at;
    }
  }
}

/** After a value: closes what ends here and goes on to the next value, if anything is still open. */
function toNextValue(bytes: Uint8Array, start: number, open: number[]): number {
  let at = start;
  for (let closing = open.at(-1); closing !== undefined; closing = open.at(-1)) {
    at = skipSpace(bytes, at);
    const next = bytes[at];
    if (next === COMMA) {
      at = skipSpace(bytes, at + 1);
      return closing === CLOSING_BRACE ? skipName(bytes, at) : at;
    }
    if (next !== closing) {
      return -1;
    }
    open.pop();
    at += 1;
  }
  return at;
}

/** Skips a member's name, the colon and the space around it. */
export function skipName(bytes: Uint8Array, start: number): number {
  if (bytes[start] !== QUOTE) {
    return -1;
  }
  const end = skipString(bytes, start);
  const colon = end === -1 ? -1 : skipSpace(bytes, end);
  return colon !== -1 && bytes[colon] === COLON ? skipSpace(bytes, colon + 1) : -1;
}

/** Skips a string, quotes included. */
export function skipString(bytes: Uint8Array, start: number): number {
  const { length } = bytes;
  let at = start + 1;
  while (at < length) {
    while (at < length && STOPS[bytes[at] as number] === 0) {
      at += 1;
    }
    if (bytes[at] === QUOTE) {
      return at + 1;
    }
    if (bytes[at] !== BACKSLASH) {
      return -1; // A control character, or the end of the bytes.
    }
    at = skipEscape(bytes, at + 1);
    if (at === -1) {
      return -1;
    }
  }
  return -1;
}

function skipEscape(bytes: Uint8Array, at: number): number {
  const letter = bytes[at] ?? 0;
  if (letter !== LETTER_U) {
    return ESCAPES.includes(letter) ? at + 1 : -1;
  }
  for (let digit = at + 1; digit <= at + 4; digit += 1) {
    if (!isHexDigit(bytes[digit] ?? 0)) {
      return -1;
    }
  }
  return at + 5;
}

/** Skips a number, `true`, `false` or `null`. */
function skipScalar(bytes: Uint8Array, start: number): number {
  const first = bytes[start] ?? 0;
  const literal = LITERALS.find((word) => word[0] === first);
  if (literal !== undefined) {
    return literal.every((byte, at) => bytes[start + at] === byte) ? start + literal.length : -1;
  }
  return skipNumber(bytes, start);
}

function skipNumber(bytes: Uint8Array, start: number): number {
  let at = bytes[start] === MINUS ? start + 1 : start;
  const whole = at;
  at = skipDigits(bytes, at);
  if (at === whole || (bytes[whole] === ZERO && at > whole + 1)) {
    return -1;
  }
  if (bytes[at] === POINT) {
    const fraction = at + 1;
    at = skipDigits(bytes, fraction);
    if (at === fraction) {
      return -1;
    }
  }
  if (bytes[at] === LETTER_E || bytes[at] === CAPITAL_E) {
    const signed = bytes[at + 1] === PLUS || bytes[at + 1] === MINUS;
    const exponent = at + (signed ? 2 : 1);
    at = skipDigits(bytes, exponent);
    if (at === exponent) {
      return -1;
    }
  }
  return at;
}

function skipDigits(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && (bytes[at] as number) >= ZERO && (bytes[at] as number) <= NINE) {
    at += 1;
  }
  return at;
}

function isSpace(byte: number): boolean {
  return byte <= 32 && (byte === 32 || byte === 10 || byte === 13 || byte === 9);
}

function isHexDigit(byte: number): boolean {
  const letter = byte | 0x20;
  return (byte >= ZERO && byte <= NINE) || (letter >= 97 && letter <= 102);
}

export const QUOTE = 34;
export const COMMA = 44;
export const BRACKET = 91;
export const CLOSING_BRACKET = 93;
export const BRACE = 123;
export const CLOSING_BRACE = 125;
export const BACKSLASH = 92;
const PLUS = 43;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const CAPITAL_E = 69;
const LETTER_E = 101;
const LETTER_U = 117;
const ESCAPES = Uint8Array.from(Buffer.from('"\\/bfnrt'));
const LITERALS = ["true", "false", "null"].map((word) => Uint8Array.from(Buffer.from(word)));

/** 1 for the bytes that end a run of ordinary characters in a string: quote, backslash, control characters. */
const STOPS = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 32 || byte === QUOTE || byte === BACKSLASH ? 1 : 0,
);
