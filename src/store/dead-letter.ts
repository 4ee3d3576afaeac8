import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import type { DeadLetter } from "../sources/source.ts";

export interface DeadLetterLimits {
  /** Most bytes kept of one payload. */
  readonly letterBytes: number;
  /** Most bytes of all payloads together, as they are stored. */
  readonly payloadBytes: number;
  /** Most letters that keep their payload. */
  readonly payloads: number;
  /** Most letters listed. */
  readonly letters: number;
}

/** A dead letter with its payload compressed (zlib). */
export interface PackedLetter {
  readonly letter: DeadLetter;
  readonly sha256: string;
  readonly kept: "whole" | "cut";
  readonly stored: Uint8Array;
}

/** Compresses a payload; costs time, so it is done before a commit starts. */
export function packLetter(
  letter: DeadLetter,
  { letterBytes }: Pick<DeadLetterLimits, "letterBytes">,
): PackedLetter {
  return {
    letter,
    sha256: createHash("sha256").update(letter.payload).digest("hex"),
    kept: letter.payload.length > letterBytes ? "cut" : "whole",
    stored: deflateSync(letter.payload.subarray(0, letterBytes)),
  };
}
