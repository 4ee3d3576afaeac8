import type { Command } from "commander";
import type { Perform } from "./options.ts";
import { registerSchema } from "./schema.ts";
import { registerValidate } from "./validate.ts";

/** All commands, in the order in which help lists them. */
export function registerCommands(program: Command, perform: Perform): void {
  registerValidate(program, perform);
  registerSchema(program, perform);
}
