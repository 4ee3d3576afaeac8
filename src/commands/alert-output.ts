import { type FileHandle, open } from "node:fs/promises";
import { formatOf } from "../delivery/formats/formats.ts";
import type { Alert } from "../detection/alert.ts";
import type { Outbox } from "../store/store.ts";
import { alertText } from "./alert-text.ts";
import type { CommandContext, ReplayOptions } from "./options.ts";
import { writeText } from "./output.ts";
import { colorsFor } from "./terminal.ts";

/** Name under which the outbox files what a replay still has to write. */
export const OUTPUT_SINK = "replay-output";
const PAGE = 1000;

/** Where a replay writes its alerts, one a line. */
export interface AlertOutput {
  /** Writes all that the outbox holds for it; what was written once is not written again by a later run. */
  drain(outbox: Outbox): Promise<void>;
  close(): Promise<void>;
}

/** Opens the file that `--alerts` names, or stdout for `-`. A resumed replay goes on after the last whole line. */
export async function openAlertOutput(
  options: Pick<ReplayOptions, "alertsFile" | "format">,
  context: CommandContext,
  resumed: boolean,
): Promise<AlertOutput> {
  const write = writerOf(options, context);
  if (options.alertsFile === "-") {
    return output(
      (text) => writeText(context.stdout, text),
      write,
      async () => {},
    );
  }
  const file = await openForAppending(options.alertsFile, resumed);
  return output(
    async (text) => {
      await file.write(text);
      await file.datasync();
    },
    write,
    () => file.close(),
  );
}

function output(
  put: (text: string) => Promise<void>,
  write: (alert: Alert) => string,
  close: () => Promise<void>,
): AlertOutput {
  return {
    async drain(outbox) {
      for (;;) {
        const due = await outbox.due(OUTPUT_SINK, Number.MAX_SAFE_INTEGER, PAGE);
        if (due.length === 0) return;
        await put(due.map(({ alert }) => write(alert)).join(""));
        await outbox.accepted(due.map(({ id }) => id));
      }
    },
    close,
  };
}

function writerOf(
  { format }: Pick<ReplayOptions, "format">,
  context: CommandContext,
): (alert: Alert) => string {
  if (format === "text") {
    const view = { colors: colorsFor(context), columns: context.columns };
    return (alert) => alertText(alert, view);
  }
  const writer = formatOf(format);
  return (alert) => `${writer.format(alert).body}\n`;
}

async function openForAppending(path: string, resumed: boolean): Promise<FileHandle> {
  if (!resumed) return open(path, "w");
  const file = await open(path, "a+");
  const text = await file.readFile("utf8");
  const whole = text.lastIndexOf("\n") + 1;
  if (whole < text.length) await file.truncate(Buffer.byteLength(text.slice(0, whole)));
  return file;
}
