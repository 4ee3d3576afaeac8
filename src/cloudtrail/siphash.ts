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
  const bytes = typeof message === "string" ? Buffer.from(message, "utf8") : message;
  const state = initialState(key);
  const wholeBytes = bytes.byteLength & ~7;
  for (let at = 0; at < wholeBytes; at += 8) {
    absorb(state, readUint32(bytes, at), readUint32(bytes, at + 4));
  }
  // The last word holds what is left over, and the length modulo 256 in its highest byte.
  const rest = new Uint8Array(8);
  rest.set(bytes.subarray(wholeBytes));
  rest[7] = bytes.byteLength & 0xff;
  absorb(state, readUint32(rest, 0), readUint32(rest, 4));
  return finish(state);
}

/** The hash as 16 hex digits. */
export function toHex(hash: Hash64): string {
  return hash.high.toString(16).padStart(8, "0") + hash.low.toString(16).padStart(8, "0");
}

/** v0 to v3 of the paper, each as low half, high half. */
type State = Int32Array;

function initialState(key: Uint8Array): State {
  const [k0Low, k0High] = [readUint32(key, 0), readUint32(key, 4)];
  const [k1Low, k1High] = [readUint32(key, 8), readUint32(key, 12)];
  return Int32Array.of(
    k0Low ^ 0x70736575,
    k0High ^ 0x736f6d65,
    k1Low ^ 0x6e646f6d,
    k1High ^ 0x646f7261,
    k0Low ^ 0x6e657261,
    k0High ^ 0x6c796765,
    k1Low ^ 0x79746573,
    k1High ^ 0x74656462,
  );
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (
    at1(bytes, at) |
    (at1(bytes, at + 1) << 8) |
    (at1(bytes, at + 2) << 16) |
    (at1(bytes, at + 3) << 24)
  );
}

function at1(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

function absorb(state: State, low: number, high: number): void {
  state[6] = (state[6] as number) ^ low;
  state[7] = (state[7] as number) ^ high;
  rounds(state, 2);
  state[0] = (state[0] as number) ^ low;
  state[1] = (state[1] as number) ^ high;
}

function finish(state: State): Hash64 {
  state[4] = (state[4] as number) ^ 0xff;
  rounds(state, 4);
  let low = 0;
  let high = 0;
  for (let word = 0; word < 8; word += 2) {
    low ^= state[word] as number;
    high ^= state[word + 1] as number;
  }
  return { high: high >>> 0, low: low >>> 0 };
}

/** SipRound of the paper. `carry` is 1 where the sum of two low halves exceeds 32 bits. */
function rounds(state: State, count: number): void {
  let [a, A, b, B, c, C, d, D] = state as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
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
