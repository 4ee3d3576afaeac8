/**
 * Makes a JSON document whose end is missing whole again: cuts after the last complete object that is an element of an
 * array, and closes what is open there. Text that ends in the middle of its first element becomes an empty list. Lines of
 * JSON are cut after the last complete line's object.
 */
export function closeTornJson(text: Uint8Array): Uint8Array {
  const cut = lastElement(text);
  if (cut === undefined) return new Uint8Array();
  const closers = cut.open.toReversed().map((bracket) => (bracket === openObject ? 0x7d : 0x5d));
  const closed = new Uint8Array(cut.end + closers.length);
  closed.set(text.subarray(0, cut.end));
  closed.set(closers, cut.end);
  return closed;
}

const openObject = 0x7b;
const closeObject = 0x7d;
const openArray = 0x5b;
const closeArray = 0x5d;
const quote = 0x22;
const backslash = 0x5c;

/** Names of the lists that envelopes hold records in. */
const listName = /"(?:Records|Events|logEvents)"\s*:\s*$/;

interface Cut {
  readonly end: number;
  readonly open: readonly number[];
}

/** The end of the last complete object that is a line, an element of the outer array, or of an envelope's list. */
function lastElement(text: Uint8Array): Cut | undefined {
  const open: number[] = [];
  let last: Cut | undefined;
  let inList = false;
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at];
    if (byte === quote) {
      at = endOfString(text, at);
    } else if (byte === openObject || byte === openArray) {
      if (open.length === 1) inList = byte === openArray && listName.test(textBefore(text, at));
      open.push(byte);
    } else if (byte === closeObject || byte === closeArray) {
      open.pop();
      if (byte === closeObject && isListed(open, inList)) last = { end: at + 1, open: [...open] };
    }
  }
  return last;
}

/** Whether what was just closed is an element, by what is open around it. */
function isListed(open: readonly number[], inList: boolean): boolean {
  if (open.length === 0) return true;
  return open.at(-1) === openArray && (open.length === 1 || (open.length === 2 && inList));
}

/** Place of the quote that ends a string, or the end of the text. */
function endOfString(text: Uint8Array, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === backslash) at += 1;
    else if (text[at] === quote) return at;
  }
  return text.length;
}

function textBefore(text: Uint8Array, at: number): string {
  return Buffer.from(text.subarray(Math.max(0, at - 40), at)).toString("latin1");
}
