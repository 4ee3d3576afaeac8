import { numbersApart } from "./numbers-apart.ts";
import { typicalMemories } from "./typical-memories.ts";

/**
 * What memories look like: most of a memory's text are names, and compressed against this text they cost next to nothing. It need
 * not be up to date, but what was compressed against it can be opened with nothing else: once released it is never changed. What is
 * commonest comes last, where zlib reaches it with the shortest distances (RFC 1950, "preset dictionary").
 */
export function textDictionary(): Uint8Array {
  return bytes;
}

const bytes = Buffer.from(numbersApart(typicalMemories.key + typicalMemories.principal));
