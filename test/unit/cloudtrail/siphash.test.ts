import { describe, expect, it } from "vitest";
import { sipHash64, toHex } from "../../../src/cloudtrail/siphash.ts";
import { HASH_KEY } from "../../support/parsing.ts";

/**
 * SipHash-2-4 of the messages "", 00, 00 01, 00 01 02 … under the key 00 … 0f, as 64-bit numbers. The one of 15 bytes is
 * worked through in appendix A of the paper; the others are those of the authors' reference implementation.
 */
const VECTORS = [
  "726fdb47dd0e0e31",
  "74f839c593dc67fd",
  "0d6c8009d9a94f5a",
  "85676696d7fb7e2d",
  "cf2794e0277187b7",
  "18765564cd99a68d",
  "cbc9466e58fee3ce",
  "ab0200f58b01d137",
  "93f5f5799a932462",
  "9e0082df0ba9e4b0",
  "7a5dbbc594ddb9f3",
  "f4b32f46226bada7",
  "751e8fbc860ee5fb",
  "14ea5627c0843d90",
  "f723ca908e7af2ee",
  "a129ca6149be45e5",
];

describe("SipHash-2-4", () => {
  it.each(VECTORS.map((expected, length) => ({ expected, length })))(
    "gives the published hash of $length bytes",
    ({ expected, length }) => {
      const message = Uint8Array.from({ length }, (_, byte) => byte);
      expect(toHex(sipHash64(HASH_KEY, message))).toBe(expected);
    },
  );

  it("hashes a string as its UTF-8 bytes, be it short or long", () => {
    for (const text of ["", "é€😀", "lone \ud800 surrogate", "é".repeat(5000)]) {
      expect(sipHash64(HASH_KEY, text)).toEqual(sipHash64(HASH_KEY, Buffer.from(text)));
    }
  });

  it("keeps leading zeros in hexadecimal", () => {
    expect(toHex({ high: 0x1f, low: 0xab })).toBe("0000001f000000ab");
  });

  it("differs under another key", () => {
    const otherKey = HASH_KEY.map((byte) => byte ^ 1);
    expect(sipHash64(otherKey, "text")).not.toEqual(sipHash64(HASH_KEY, "text"));
  });

  it("refuses a key that has not 16 bytes", () => {
    expect(() => sipHash64(new Uint8Array(15), "")).toThrow("16 bytes expected, 15 found");
  });
});
