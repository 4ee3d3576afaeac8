import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A path where no state directory is yet; removed with all that came there. */
export interface StatePlace extends AsyncDisposable {
  readonly parent: string;
  readonly directory: string;
  /** `keyhawk.db` in the directory. */
  readonly file: string;
}

export async function statePlace(): Promise<StatePlace> {
  const parent = await mkdtemp(join(tmpdir(), "keyhawk-store-"));
  const directory = join(parent, "state");
  return {
    parent,
    directory,
    file: join(directory, "keyhawk.db"),
    [Symbol.asyncDispose]: () => rm(parent, { recursive: true, force: true }),
  };
}
