/** 64 bits as two unsigned 32-bit halves. */
export interface Hash64 {
  readonly high: number;
  readonly low: number;
}

/**
 * SipHash-2-4: a keyed hash of 64 bits (Aumasson & Bernstein, "SipHash: a fast short-input PRF", 2012).
 *
 * The key has 16 bytes; throws `RangeError` for any other length. A string is hashed as UTF-8, a lone surrogate in it as
 * U+FFFD.
 */
export function sipHash64(key: Uint8Array, message: Uint8Array | string): Hash64 {
  if (key.byteLength !== 16) {
    throw new RangeError(`SipHash key: 16 bytes expected, ${key.byteLength} found`);
  }
  const bytes = typeof message === "string" ? encode(message) : message;
  const { length } = bytes;
  start(key);
  let at = 0;
  for (; at + 8 <= length; at += 8) {
    absorb(readUint32(bytes, at), readUint32(bytes, at + 4));
  }
  // The last word holds what is left over, and the length modulo 256 in its highest byte.
  let low = 0;
  let high = length << 24;
  for (let shift = 0; at < length; at += 1, shift += 8) {
    const byte = bytes[at] as number;
    low |= shift < 32 ? byte << shift : 0;
    high |= shift < 32 ? 0 : byte << (shift - 32);
  }
  absorb(low, high);
  return finish();
}

/** The hash as 16 hex digits. */
export function toHex(hash: Hash64): string {
  DIGITS.writeUInt32BE(hash.high, 0);
  DIGITS.writeUInt32BE(hash.low, 4);
  return DIGITS.toString("hex");
}

/** Scratch space, so that hashing allocates nothing. Its content has no meaning between two calls. */
const DIGITS = Buffer.alloc(8);
const TEXT = Buffer.alloc(4096);
/** v0 to v3 of the paper, each as low half, high half. */
const STATE = new Int32Array(8);

function encode(text: string): Uint8Array {
  const fits = text.length * 3 <= TEXT.length;
  return fits ? TEXT.subarray(0, TEXT.write(text, "utf8")) : Buffer.from(text, "utf8");
}

function start(key: Uint8Array): void {
  const [k0Low, k0High] = [readUint32(key, 0), readUint32(key, 4)];
  const [k1Low, k1High] = [readUint32(key, 8), readUint32(key, 12)];
  STATE[0] = k0Low ^ 0x70736575;
  STATE[1] = k0High ^ 0x736f6d65;
  STATE[2] = k1Low ^ 0x6e646f6d;
  STATE[3] = k1High ^ 0x646f7261;
  STATE[4] = k0Low ^ 0x6e657261;
  STATE[5] = k0High ^ 0x6c796765;
  STATE[6] = k1Low ^ 0x79746573;
  STATE[7] = k1High ^ 0x74656462;
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (
    byteAt(bytes, at) |
    (byteAt(bytes, at + 1) << 8) |
    (byteAt(bytes, at + 2) << 16) |
    (byteAt(bytes, at + 3) << 24)
  );
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

function absorb(low: number, high: number): void {
  STATE[6] = (STATE[6] as number) ^ low;
  STATE[7] = (STATE[7] as number) ^ high;
  rounds(STATE, 2);
  STATE[0] = (STATE[0] as number) ^ low;
  STATE[1] = (STATE[1] as number) ^ high;
}

function finish(): Hash64 {
  STATE[4] = (STATE[4] as number) ^ 0xff;
  rounds(STATE, 4);
  let low = 0;
  let high = 0;
  for (let word = 0; word < 8; word += 2) {
    low ^= STATE[word] as number;
    high ^= STATE[word + 1] as number;
  }
  return { high: high >>> 0, low: low >>> 0 };
}

/**
 * SipRound of the paper, on v0 to v3 as `a` to `d`: small letters are low halves, capitals high ones. The carry is 1
 * where the sum of two low halves exceeds 32 bits.
 */
function rounds(state: Int32Array, count: number): void {
  let a = state[0] as number;
  let A = state[1] as number;
  let b = state[2] as number;
  let B = state[3] as number;
  let c = state[4] as number;
  let C = state[5] as number;
  let d = state[6] as number;
  let D = state[7] as number;
  let low = 0;
  for (let round = 0; round < count; round += 1) {
    low = (a + b) | 0;
    A = (A + B + carry(low, a)) | 0;
    a = low;
    low = (b << 13) | (B >>> 19);
    B = (B << 13) | (b >>> 19);
    b = low ^ a;
    B ^= A;
    low = a;
    a = A;
    A = low;

    low = (c + d) | 0;
    C = (C + D + carry(low, c)) | 0;
    c = low;
    low = (d << 16) | (D >>> 16);
    D = (D << 16) | (d >>> 16);
    d = low ^ c;
    D ^= C;

    low = (a + d) | 0;
    A = (A + D + carry(low, a)) | 0;
    a = low;
    low = (d << 21) | (D >>> 11);
    D = (D << 21) | (d >>> 11);
    d = low ^ a;
    D ^= A;

    low = (c + b) | 0;
    C = (C + B + carry(low, c)) | 0;
    c = low;
    low = (b << 17) | (B >>> 15);
    B = (B << 17) | (b >>> 15);
    b = low ^ c;
    B ^= C;
    low = c;
    c = C;
    C = low;
  }
  state[0] = a;
  state[1] = A;
  state[2] = b;
  state[3] = B;
  state[4] = c;
  state[5] = C;
  state[6] = d;
  state[7] = D;
}

function carry(sum: number, addend: number): number {
  return sum >>> 0 < addend >>> 0 ? 1 : 0;
}
