/** One thing that is wrong with a configuration file. */
export interface ConfigProblem {
  readonly file: string;
  /** Counted from 1; undefined where the problem is the file as a whole. */
  readonly line?: number;
  readonly column?: number;
  /** Where inside the file: `sinks[0].type`; empty for the top. */
  readonly path: string;
  /** What was expected and what was found. */
  readonly text: string;
}

/** A configuration that cannot be used: exit status 2. The message has one line for each problem. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], cause?: unknown) {
    super(problems.map(problemLine).join("\n"), { cause });
    this.problems = problems;
  }
}

function problemLine({ file, line, column, path, text }: ConfigProblem): string {
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  return path === "" ? `${place}: ${text}` : `${place} ${path}: ${text}`;
}
