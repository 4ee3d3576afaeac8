import type { z } from "zod";
import { SourceError } from "../source-error.ts";

/** Reads a saved position; throws a `SourceError` that names what it is the position of where it is damaged. */
export function readSaved<Value>(schema: z.ZodType<Value>, text: string, subject: string): Value {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
    throw new SourceError(
      subject,
      `the position saved for it in the state directory is damaged (${JSON.stringify(shown)}); read it again with a new state directory`,
      { code: "failed", cause },
    );
  }
}
