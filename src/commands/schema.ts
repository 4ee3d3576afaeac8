import type { Command } from "commander";
import { z } from "zod";
import { configJsonSchema } from "../config.ts";
import { Alert } from "../detection/alert.ts";
import type { Perform } from "./options.ts";
import { writeText } from "./output.ts";

/** `keyhawk schema`: JSON Schema for editors and integrators. */
export function registerSchema(program: Command, perform: Perform): void {
  const schema = program
    .command("schema")
    .summary("print the JSON Schema of a configuration or an alert")
    .description(
      "Prints a JSON Schema (draft 2020-12), for editors and for those who read alerts.",
    );
  for (const [name, description, create] of schemas) {
    schema
      .command(name)
      .description(description)
      .action(() =>
        perform(async ({ stdout }) => {
          await writeText(stdout, `${JSON.stringify(create(), undefined, 2)}\n`);
          return 0;
        }),
      );
  }
  schema.addHelpText(
    "after",
    "\nExample:\n  keyhawk schema config > keyhawk.schema.json\n  # first line of keyhawk.yaml:\n" +
      "  # yaml-language-server: $schema=keyhawk.schema.json",
  );
}

const schemas = [
  ["config", "of a configuration file", configJsonSchema],
  ["alert", "of an alert in native format", alertJsonSchema],
] as const;

function alertJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(Alert);
  return {
    $schema: schema.$schema,
    $id: "urn:keyhawk:schema:alert:1.0",
    title: "Alert",
    ...schema,
  };
}
