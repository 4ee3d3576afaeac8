/** What the module and its caller know of each other. Written for both: `find-members.as.ts` is compiled with this file. */

/** How going on ended: with the bracket that closes what was open, */
export const CLOSED = 0;
/** with strings and brackets that do not come out even, */
export const UNEVEN = 1;
/** where the window ended, before the last bytes that make no block of 64, */
export const WINDOW_ENDED = 2;
/** or behind the name `Records`. */
export const AT_RECORDS = 3;

/**
 * Places of 32-bit numbers at the beginning of the memory. This one holds the address where going on ended; what is
 * called an offset counts from the origin, modulo 2^32.
 */
export const ENDED_AT = 0;
/** 1 where a member's name is written with escapes. */
export const ESCAPED_NAME = 1;
/** How many members are named `eventSource`, and the offset of the last one's colon. */
export const SOURCES = 2;
export const SOURCE_COLON = 3;
/** The same of `eventType`. */
export const TYPES = 4;
export const TYPE_COLON = 5;
/** The same of `userIdentity`, */
export const IDENTITIES = 6;
export const IDENTITY_COLON = 7;
/** and if the value of the last one is an object: the offset behind its last member that is an object or list, or 0, */
export const IDENTITY_INNER_END = 8;
/** and behind its closing bracket. */
export const IDENTITY_END = 9;
export const PLACES = 10;

/** Addresses from here on are for the module's constants. */
export const CONSTANTS_START = 128;
/** So much of the text before the window lies before it, as far as there is any: names are read backwards. */
export const BEFORE_WINDOW = 64;
export const WINDOW_START = 256;
/** Bytes that are looked at together. One block of white space has room behind the window. */
export const BLOCK = 64;

/** One page of memory: what was copied into the window is still close to the processor when it is looked at. */
export const WINDOW_BYTES = 65_536 - WINDOW_START - BLOCK;
