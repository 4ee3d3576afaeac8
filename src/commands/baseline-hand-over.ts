import { tableIn } from "../store/place.ts";
import type { HandOverOptions } from "./baseline.ts";
import type { CommandContext } from "./options.ts";
import { statePlace } from "./state.ts";
import { UsageError } from "./usage-error.ts";

/** `keyhawk baseline hand-over`: lets the other shape learn into a table. Resolves to the exit status. */
export async function handOver(
  { to, ...options }: HandOverOptions,
  { log }: CommandContext,
): Promise<number> {
  const place = await statePlace(options);
  const table = tableIn(place);
  if (table === undefined) {
    throw new UsageError(
      `${place}: expected dynamodb://TABLE, found a folder, which one process has`,
    );
  }
  const { handOverTable } = await import("../store/dynamodb/hand-over.ts");
  await handOverTable(table, to);
  log.info({ to, state: place }, "handed over");
  return 0;
}
