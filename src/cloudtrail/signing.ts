import { type Fields, textOf } from "./fields.ts";

const LONGEST = 64;

/**
 * How a message was signed, undefined for calls that sign none. KMS takes a message for a raw one where the request does not say
 * (AWS KMS API Reference, "Sign", MessageType).
 */
export function signingOf(name: string, parameters: Fields | undefined): string | undefined {
  if (name === "Sign") {
    const algorithm = partOf(parameters?.["signingAlgorithm"]);
    if (algorithm === undefined) return undefined;
    return `${algorithm} ${partOf(parameters?.["messageType"]) ?? "RAW"}`;
  }
  return name === "GenerateMac" ? partOf(parameters?.["macAlgorithm"]) : undefined;
}

function partOf(value: unknown): string | undefined {
  return textOf(value)?.slice(0, LONGEST);
}
