import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import type { CommandContext } from "../../../src/commands/options.ts";
import { startProgress } from "../../../src/commands/progress.ts";

/** What is written to stderr while a command goes from nothing to 50 of 100. */
async function drawn(context: Partial<CommandContext>): Promise<string> {
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 100 });
  const progress = await startProgress({ total: 100, label: "replay" }, {
    isErrorTerminal: true,
    quiet: false,
    json: false,
    stderr,
    ...context,
  } as CommandContext);
  progress.update(50, { file: "a\u001b[2Jb" });
  progress.stop();
  return String(stderr.read() ?? "");
}

describe("a progress bar", () => {
  it("is drawn for a person who watches, with nothing that their terminal obeys in its fields", async () => {
    expect(await drawn({})).toContain("replay");
    expect(await drawn({})).not.toContain("\u001b[2J");
  });

  it("shows a percentage once the total is known, and the count before", async () => {
    const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 100 });
    const context = { isErrorTerminal: true, quiet: false, json: false, stderr };
    const progress = await startProgress({ label: "replay" }, context as unknown as CommandContext);
    expect(String(stderr.read())).toContain("replay 0");
    progress.update(25, {}, 100);
    progress.stop();
    expect(String(stderr.read())).toContain("25%");
  });

  it.each<[string, Partial<CommandContext>]>([
    ["without a terminal", { isErrorTerminal: false }],
    ["with --quiet", { quiet: true }],
    ["with --json", { json: true }],
  ])("is not there %s", async (_name, context) => {
    expect(await drawn(context)).toBe("");
  });
});
