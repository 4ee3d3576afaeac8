import {
  AT_RECORDS,
  BEFORE_WINDOW,
  BLOCK,
  CLOSED,
  ENDED_AT,
  ESCAPED_NAME,
  IDENTITIES,
  IDENTITY_COLON,
  IDENTITY_END,
  IDENTITY_INNER_END,
  PLACES,
  SOURCE_COLON,
  SOURCES,
  TYPE_COLON,
  TYPES,
  UNEVEN,
  WINDOW_ENDED,
} from "./layout.ts";

/** What is carried from window to window. */
let depth: i32 = 0;
/** All ones while the last byte seen was inside of a string. */
let within: u64 = 0;
/** 1 if the last byte seen escapes the next. */
let escaping: u64 = 0;
/** 1 if the last byte seen closed a string. */
let stringEnded: u64 = 0;
/** Quotes since the last backslash: an escaped name is the one whose closing quote is the only one. */
let quotesSince: i32 = 0;
/** Whether the last member directly inside is a `userIdentity`, and its value is not over. */
let isIdentity: bool = false;

/** Goes from `start`, inside of an object or list, to its closing bracket, or as far as the window reaches. */
export function begin(start: usize, limit: usize, origin: usize): i32 {
  depth = 1;
  within = 0;
  escaping = 0;
  stringEnded = 0;
  quotesSince = 2;
  isIdentity = false;
  memory.fill(0, 0, PLACES << 2);
  return goOn(start, limit, origin);
}

/**
 * Goes on in the next window. Each block of 64 bytes becomes masks of 64 bits, one for each kind of byte, the first byte
 * being the lowest bit (Langdale and Lemire, "Parsing Gigabytes of JSON per Second", 2019). The masks are made the same way for every
 * byte; only brackets, and the colons directly inside, are then looked at one by one.
 */
export function goOn(start: usize, limit: usize, origin: usize): i32 {
  const QUOTE = v128.load8_splat(BYTES, 0);
  const BACKSLASH = v128.load8_splat(BYTES, 1);
  const COLON = v128.load8_splat(BYTES, 2);
  const COMMA = v128.load8_splat(BYTES, 3);
  const BRACKET = v128.load8_splat(BYTES, 4);
  const BRACKET_BITS = v128.load8_splat(BYTES, 5);
  let at = start;
  for (; at + BLOCK <= limit; at += BLOCK) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const c = v128.load(at, 32);
    const d = v128.load(at, 48);
    let quotes = equal(a, b, c, d, QUOTE);
    let backslashes: u64 = 0;
    if (anyEqual(a, b, c, d, BACKSLASH) || escaping != 0) {
      backslashes = equal(a, b, c, d, BACKSLASH);
      quotes &= ~escapedBy(backslashes);
    }
    const inside = within ^ fromOddToEven(quotes); // With the opening quotes, without the closing ones.
    const closing = quotes & ~inside;
    const afterString = (closing << 1) | stringEnded;
    within = ((inside as i64) >> 63) as u64;
    stringEnded = closing >> 63;

    const colons = equal(a, b, c, d, COLON) & ~inside;
    const brackets =
      equal(
        v128.and(a, BRACKET_BITS),
        v128.and(b, BRACKET_BITS),
        v128.and(c, BRACKET_BITS),
        v128.and(d, BRACKET_BITS),
        BRACKET,
      ) & ~inside;
    const plain = colons | brackets | equal(a, b, c, d, COMMA);
    const rest = (~(inside | quotes) | afterString) & ~plain;
    const wrong = rest == 0 ? 0 : firstWrong(rest, afterString, at);
    const right = wrong - 1; // The bytes before the wrong one: all of them where none is.

    let marks = (brackets | colons) & right;
    for (;;) {
      const next = depth == 1 ? marks : marks & brackets;
      if (next == 0) break;
      const mark = next & (0 - next);
      const address = at + (ctz(next) as usize);
      marks &= 0 - (mark << 1);
      let ending = GOING_ON;
      if ((brackets & mark) != 0) {
        const isAfterString = (afterString & mark) != 0;
        ending = meetBracket(address, origin, isAfterString);
      } else {
        const hasEscapes = followsEscapes(quotes, backslashes, mark);
        ending = meetColon(address, origin, hasEscapes);
      }
      if (ending != GOING_ON) return ending;
    }
    if (wrong != 0) return UNEVEN;
    quotesSince =
      backslashes == 0
        ? quotesSince + (popcnt(quotes) as i32)
        : (popcnt(quotes & afterLast(backslashes)) as i32);
  }
  set(ENDED_AT, at as u32);
  return WINDOW_ENDED;
}

/**
 * Quote, backslash, colon, comma, and the bits that `[`, `]`, `{` and `}` have in common, of those of the last one: `Y`, `_`, `y` and DEL
 * have them too. In memory, since a constant would be made anew each time that it is used.
 */
const BYTES = memory.data<u8>([0x22, 0x5c, 0x3a, 0x2c, 0x59, 0xd9]);

const GOING_ON: i32 = -1;

function set(place: i32, value: u32): void {
  store<u32>((place as usize) << 2, value);
}

function get(place: i32): u32 {
  return load<u32>((place as usize) << 2);
}

function equal(a: v128, b: v128, c: v128, d: v128, byte: v128): u64 {
  return (
    bits(i8x16.eq(a, byte)) |
    (bits(i8x16.eq(b, byte)) << 16) |
    (bits(i8x16.eq(c, byte)) << 32) |
    (bits(i8x16.eq(d, byte)) << 48)
  );
}

function bits(bytes: v128): u64 {
  return i8x16.bitmask(bytes) as u32 as u64;
}

function anyEqual(a: v128, b: v128, c: v128, d: v128, byte: v128): bool {
  return v128.any_true(
    v128.or(
      v128.or(i8x16.eq(a, byte), i8x16.eq(b, byte)),
      v128.or(i8x16.eq(c, byte), i8x16.eq(d, byte)),
    ),
  );
}

/** Ones from each odd one (first, third, …) on to before the next. */
function fromOddToEven(ones: u64): u64 {
  let mask = ones ^ (ones << 1);
  mask ^= mask << 2;
  mask ^= mask << 4;
  mask ^= mask << 8;
  mask ^= mask << 16;
  return mask ^ (mask << 32);
}

/** The bytes that these backslashes, and the one before the block, escape. */
function escapedBy(backslashes: u64): u64 {
  let escaped = escaping;
  let rest = backslashes & ~escaped;
  escaping = 0;
  while (rest != 0) {
    const backslash = rest & (0 - rest);
    if (backslash >> 63 != 0) escaping = 1;
    escaped |= backslash << 1;
    rest &= ~(backslash | (backslash << 1));
  }
  return escaped;
}

/** Ones behind the last one. */
function afterLast(ones: u64): u64 {
  return ~(u64.MAX_VALUE >> clz(ones));
}

/**
 * The first byte outside of strings that no JSON has there, as a mask; 0 where there is none. Behind a string only white space is
 * right, of what is left to see here: words and numbers are not, nor is another string.
 */
function firstWrong(rest: u64, afterString: u64, at: usize): u64 {
  while (rest != 0) {
    const mark = rest & (0 - rest);
    const byte = load<u8>(at + (ctz(rest) as usize));
    if (!isSpace(byte) && ((afterString & mark) != 0 || !isPartOfWord(byte))) return mark;
    rest ^= mark;
  }
  return 0;
}

function isSpace(byte: u8): bool {
  return byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09;
}

/** One of `truefalsn0123456789+-.E`. */
function isPartOfWord(byte: u8): bool {
  const word = byte as u64;
  return (
    (((word < 64 ? 0x03ff680000000000 : word < 128 ? 0x003c506200000020 : 0) >> (word & 63)) & 1) !=
    0
  );
}

/** Opens or closes, unless it is another byte with the same bits. */
function meetBracket(address: usize, origin: usize, isAfterString: bool): i32 {
  const byte = load<u8>(address) | 0x20;
  if (byte == 0x7b && !isAfterString) {
    depth += 1;
    return GOING_ON;
  }
  if (byte != 0x7d) return UNEVEN;
  depth -= 1;
  if (depth == 0) {
    set(ENDED_AT, (address + 1) as u32);
    return CLOSED;
  }
  if (isIdentity && depth <= 2) closeInIdentity(address + 1 - origin);
  return GOING_ON;
}

/** Whether the last string before this colon has escapes: then one quote alone lies between the last backslash and the colon. */
function followsEscapes(quotes: u64, backslashes: u64, colon: u64): bool {
  if (backslashes == 0 && quotesSince > 1) return false;
  const before = backslashes & (colon - 1);
  const quotesBefore = quotes & (colon - 1);
  return before == 0
    ? quotesSince + (popcnt(quotesBefore) as i32) == 1
    : popcnt(quotesBefore & afterLast(before)) == 1;
}

/** Notes the name before a colon, if it is one that matters or may be any. */
function meetColon(colon: usize, origin: usize, hasEscapes: bool): i32 {
  let end = colon;
  let tail = load<u64>(end - 8);
  let mayBeAny = hasEscapes;
  if (tail >> 56 != 0x22) {
    while (isSpace(load<u8>(end - 1)) && end > colon - MOST_SPACES) end -= 1;
    tail = load<u64>(end - 8);
    if (tail >> 56 != 0x22) mayBeAny = isSpace((tail >> 56) as u8);
  }
  isIdentity = false;
  if (mayBeAny) {
    set(ESCAPED_NAME, 1);
  } else if (tail == TAIL_OF_SOURCE) {
    if (load<u64>(end - 13) == HEAD_OF_SOURCE) count(SOURCES, colon - origin);
  } else if (tail == TAIL_OF_TYPE) {
    if (load<u64>(end - 11) == HEAD_OF_TYPE) count(TYPES, colon - origin);
  } else if (tail == TAIL_OF_IDENTITY) {
    if (load<u64>(end - 14) == HEAD_OF_IDENTITY) {
      count(IDENTITIES, colon - origin);
      set(IDENTITY_INNER_END, 0);
      isIdentity = true;
    }
  } else if (tail == TAIL_OF_RECORDS && load<u8>(end - 9) == 0x22) {
    set(ENDED_AT, colon as u32);
    return AT_RECORDS;
  }
  return GOING_ON;
}

function count(place: i32, colon: usize): void {
  set(place, get(place) + 1);
  set(place + 1, colon as u32);
}

/** A bracket has closed in an identity, or the identity itself. */
function closeInIdentity(end: usize): void {
  if (depth == 2) {
    set(IDENTITY_INNER_END, end as u32);
  } else {
    set(IDENTITY_END, end as u32);
    isIdentity = false;
  }
}

/** White space before a colon beyond which a name is not looked for, but taken for one that may be any. */
const MOST_SPACES: usize = 32;

/** The first and last bytes of the quoted names, the first byte being the lowest. */
const HEAD_OF_SOURCE: u64 = 0x6f53746e65766522;
const TAIL_OF_SOURCE: u64 = 0x22656372756f5374;
const HEAD_OF_TYPE: u64 = 0x7954746e65766522;
const TAIL_OF_TYPE: u64 = 0x2265707954746e65;
const HEAD_OF_IDENTITY: u64 = 0x6564497265737522;
const TAIL_OF_IDENTITY: u64 = 0x22797469746e6564;
const TAIL_OF_RECORDS: u64 = 0x227364726f636552;
