import { escapeControls } from "../telemetry.ts";
import type { CommandContext } from "./options.ts";

export interface Progress {
  /**
   * `done` is in the unit of `total`, which may become known on the way; `fields` are shown behind the bar as `name value`.
   */
  update(done: number, fields?: Readonly<Record<string, string | number>>, total?: number): void;
  /** Takes the bar away, so that what is written next starts on a clean line. */
  stop(): void;
}

export interface ProgressOptions {
  /** Undefined where the end is not known: then there is no bar, only the count. */
  readonly total?: number | undefined;
  readonly label: string;
}

/** A progress bar on stderr; nothing at all unless a person watches it: no terminal, `--quiet`, `--json`. */
export async function startProgress(
  options: ProgressOptions,
  context: CommandContext,
): Promise<Progress> {
  if (!context.isErrorTerminal || context.quiet || context.json) return noProgress;
  const { default: cliProgress } = await import("cli-progress");
  const { total, label } = options;
  const name = escapeControls(label);
  const bar = new cliProgress.SingleBar({
    stream: context.stderr,
    format: (bar, { progress, value, total }, { fields }) =>
      total > 0
        ? `${name} ${cliProgress.Format.BarFormat(progress, bar)} ${Math.floor(100 * progress)}% ${fields}`
        : `${name} ${value} ${fields}`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    fps: 5,
    hideCursor: false,
    clearOnComplete: true,
    gracefulExit: false,
    linewrap: false,
  });
  bar.start(total ?? 0, 0, { fields: "" });
  return {
    update(done, fields = {}, total) {
      if (total !== undefined) bar.setTotal(total);
      bar.update(done, { fields: fieldsText(fields) });
    },
    stop: () => bar.stop(),
  };
}

const noProgress: Progress = { update: () => {}, stop: () => {} };

function fieldsText(fields: Readonly<Record<string, string | number>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name} ${escapeControls(String(value))}`)
    .join(" · ");
}
