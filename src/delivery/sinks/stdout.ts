import type { Writable } from "node:stream";
import { formatOf } from "../formats/formats.ts";
import type { StdoutOptions } from "../options.ts";
import { DeliveryError, type Sink } from "../sink.ts";
import { interrupted } from "./http-error.ts";

/** Writes alerts to standard output, one a line. A reader that has left (`| head`) means that nothing more is sent. */
export function stdoutSink(options: StdoutOptions, output: Writable): Sink {
  const { name } = options;
  const format = formatOf(options.format, options);
  // The error is told by the write; without a listener it would end the process as well.
  const ignore = (): void => {};
  output.on("error", ignore);

  const write = (line: string): Promise<DeliveryError | undefined> =>
    new Promise((resolve) => {
      output.write(line, (error) => {
        resolve(error ? errorOfWrite(name, error) : undefined);
      });
    });
  return {
    name,
    batchSize: 100,
    async deliver(alerts, signal) {
      const results: (DeliveryError | undefined)[] = [];
      for (const alert of alerts) {
        results.push(
          signal.aborted ? interrupted(name) : await write(`${format.format(alert).body}\n`),
        );
      }
      return results;
    },
    async close() {
      output.off("error", ignore);
    },
  };
}

function errorOfWrite(sink: string, error: Error): DeliveryError {
  const { code } = error as NodeJS.ErrnoException;
  const left = ["EPIPE", "ERR_STREAM_DESTROYED", "ERR_STREAM_WRITE_AFTER_END"].includes(code ?? "");
  const problem = left ? "the reader has left" : `cannot be written to (${code ?? error.name})`;
  return new DeliveryError(sink, problem, { retryable: !left, gone: left, cause: error });
}
