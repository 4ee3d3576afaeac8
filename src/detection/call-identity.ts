import { sipHash64 } from "../cloudtrail/siphash.ts";
import type { KmsEvent } from "../cloudtrail/event.ts";

/** 64-bit identities of one copy of a call, and of the call that it is a copy of. */
export interface CallIdentities {
  readonly high: number;
  readonly low: number;
  readonly hasShared: boolean;
  readonly sharedHigh: number;
  readonly sharedLow: number;
}

const KEY = new Uint8Array(16);
// Keeps an eventID and an equal sharedEventID apart.
const SHARED_MARK = 0x5eed;

/** Identities by which copies are recognised: of `eventID`, and of `sharedEventID` where there is one. */
export function callIdentities(event: KmsEvent): CallIdentities {
  const [high, low] = words(event.eventId);
  if (event.sharedEventId === undefined) {
    return { high, low, hasShared: false, sharedHigh: 0, sharedLow: 0 };
  }
  const [sharedHigh, sharedLow] = words(event.sharedEventId);
  return { high, low, hasShared: true, sharedHigh: (sharedHigh ^ SHARED_MARK) >>> 0, sharedLow };
}

/** A UUID's first and last 32 bits are random already; any other text is hashed. */
function words(id: string): [number, number] {
  if (id.length === 36 && id.charCodeAt(8) === 45) {
    const high = hexWord(id, 0);
    const low = hexWord(id, 28);
    if (high >= 0 && low >= 0) return [high, low];
  }
  const hash = sipHash64(KEY, id);
  return [hash.high, hash.low];
}

function hexWord(text: string, start: number): number {
  let word = 0;
  for (let at = start; at < start + 8; at += 1) {
    const code = text.charCodeAt(at) | 32;
    let digit: number;
    if (code >= 48 && code <= 57) digit = code - 48;
    else if (code >= 97 && code <= 102) digit = code - 87;
    else return -1;
    word = word * 16 + digit;
  }
  return word;
}
