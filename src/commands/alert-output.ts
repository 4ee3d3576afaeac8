import { type FileHandle, open, stat } from "node:fs/promises";
import { type FormatName, formatOf } from "../delivery/formats/formats.ts";
import type { Alert } from "../detection/alert.ts";
import type { Outbox } from "../store/store.ts";
import { alertsText } from "./alert-text.ts";
import type { CommandContext, ReplayOptions } from "./options.ts";
import { writeText } from "./output.ts";
import { colorsFor } from "./terminal.ts";

/** Name under which the outbox files what a replay still has to write. */
export const OUTPUT_SINK = "replay-output";
const PAGE = 1000;

/** Where a replay writes its alerts: one revision a line, or for people each alert once, at the end. */
export interface AlertOutput {
  /** Writes all that the outbox holds for it; what was written once is not written again by a later run. */
  drain(outbox: Outbox): Promise<void>;
  /** Everything was read: writes what waited for that. */
  end(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the file that `--alerts` names, or stdout for `-`. A resumed replay goes on after the last whole line. */
export async function openAlertOutput(
  options: Pick<ReplayOptions, "alertsFile" | "format" | "statePlace">,
  context: CommandContext,
  resumed: boolean,
): Promise<AlertOutput> {
  const output =
    options.format === "text" ? peoplesOutput(options, context) : lineOutput(options.format);
  if (options.alertsFile === "-") {
    return output({ put: (text) => writeText(context.stdout, text), close: async () => {} });
  }
  const file = await openForAppending(options.alertsFile, resumed);
  const isKept = (await file.stat()).isFile(); // Rather than a pipe or /dev/null, which cannot be synchronized.
  return output({
    put: async (text) => {
      await file.writeFile(text);
      if (isKept) await file.datasync();
    },
    close: () => file.close(),
  });
}

interface Destination {
  readonly put: (text: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

function lineOutput(format: FormatName): (to: Destination) => AlertOutput {
  const writer = formatOf(format);
  return ({ put, close }) => ({
    drain: (outbox) =>
      takeDue(outbox, (alerts) =>
        put(alerts.map((alert) => `${writer.format(alert).body}\n`).join("")),
      ),
    end: async () => {},
    close,
  });
}

function peoplesOutput(
  { statePlace }: Pick<ReplayOptions, "statePlace">,
  context: CommandContext,
): (to: Destination) => AlertOutput {
  const newest = new Map<string, Alert>();
  return ({ put, close }) => ({
    drain: (outbox) =>
      takeDue(outbox, async (alerts) => {
        for (const alert of alerts) newest.set(alert.alertId, alert);
      }),
    end() {
      const view = { colors: colorsFor(context), columns: context.columns };
      return put(alertsText([...newest.values()], view, statePlace));
    },
    close,
  });
}

async function takeDue(outbox: Outbox, use: (alerts: Alert[]) => Promise<void>): Promise<void> {
  for (;;) {
    const due = await outbox.due(OUTPUT_SINK, Number.MAX_SAFE_INTEGER, PAGE);
    if (due.length === 0) return;
    await use(due.map(({ alert }) => alert));
    await outbox.accepted(due.map(({ id }) => id));
  }
}

async function openForAppending(path: string, resumed: boolean): Promise<FileHandle> {
  const isKept = await stat(path).then(
    (found) => found.isFile(),
    () => true,
  );
  if (!resumed || !isKept) return open(path, "w");
  const file = await open(path, "a+");
  const text = await file.readFile("utf8");
  const whole = text.lastIndexOf("\n") + 1;
  if (whole < text.length) await file.truncate(Buffer.byteLength(text.slice(0, whole)));
  return file;
}
