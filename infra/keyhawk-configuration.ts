import { readFileSync } from "node:fs";
import { z } from "zod";
import { Config } from "../src/config.ts";
import { ConfigError } from "../src/config/config-error.ts";
import { readDocument } from "../src/config/document.ts";
import { problemsOf, spellIssue } from "../src/config/problems.ts";

/** Keyhawk's configuration as its file has it. */
export type KeyhawkDocument = Readonly<Record<string, unknown>>;

/**
 * Reads Keyhawk's configuration for a deployment, without source and state, which the deployment knows. Throws `ConfigError` for what `keyhawk validate` would find, and for what
 * cannot work on AWS: files of the machine that deploys, and secrets of its environment.
 */
export function readKeyhawkConfiguration(file: string): KeyhawkDocument {
  const document = readDocument(file, readFileSync(file, "utf8"));
  const parsed = Config.safeParse(document.value, { error: spellIssue });
  if (!parsed.success) throw new ConfigError(problemsOf(parsed.error.issues, document, Config));
  const problems = parsed.data.sinks.flatMap((sink, index) => {
    const { line, column } = document.locate(["sinks", index]);
    return problemsOfSink(sink).map((text) => ({
      file,
      line,
      column,
      path: `sinks[${index}]`,
      text,
    }));
  });
  if (problems.length > 0) throw new ConfigError(problems);
  const {
    source: _source,
    state: _state,
    ...rest
  } = z.record(z.string(), z.unknown()).parse(document.value);
  return rest;
}

function problemsOfSink(sink: Config["sinks"][number]): string[] {
  const text = JSON.stringify(sink);
  return [
    ...(sink.type === "file" || sink.type === "stdout"
      ? [`expected a sink that other machines can be reached by, found ${sink.type}`]
      : []),
    ...(/"(?:[A-Za-z]+ )?(?:env|file):/.test(text) || text.includes('"caFile"')
      ? [
          "expected secretsmanager: or ssm: references, found one to a file or variable of this machine",
        ]
      : []),
  ];
}
