import { isAggregate } from "./kpl.ts";
import { skipSpace } from "./json-bytes.ts";

/** Gzip (RFC 1952), or zlib (RFC 1950) whose two header bytes are a multiple of 31 and no beginning of a text. */
export function isCompressed(data: Uint8Array): boolean {
  const [first = 0, second = 0] = data;
  const isGzip = first === 0x1f && second === 0x8b;
  return isGzip || (first === 0x78 && (second === 0x01 || second === 0x9c || second === 0xda));
}

/** Where the text begins: after a byte order mark, which some tools put before it, and after white space. */
export function startOf(text: Buffer): number {
  const marked = text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf;
  return skipSpace(text, marked ? 3 : 0);
}

/** An object, a list, or a string that may hold one. */
export function beginsDocument(byte: number | undefined): boolean {
  return byte === 0x7b || byte === 0x5b || byte === 0x22;
}

const SHORTEST_BASE64 = 16;

/** What base64 wraps; undefined where nothing comes out that can be opened: any word is base64 of something. */
export function decodeBase64(text: Buffer): Buffer | undefined {
  if (text.length < SHORTEST_BASE64 || !isBase64(text)) {
    return undefined;
  }
  const opened = Buffer.from(text.toString("latin1"), "base64");
  const first = opened[startOf(opened)];
  const openable = first === 0x7b || first === 0x5b || isCompressed(opened) || isAggregate(opened);
  return openable || decodeBase64(opened) !== undefined ? opened : undefined;
}

/** The alphabets of RFC 4648, sections 4 and 5, with line ends as in MIME. */
export function isBase64(text: Buffer): boolean {
  return /^[A-Za-z0-9+/_\-\r\n]*={0,2}$/.test(text.toString("latin1").trimEnd());
}
