import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { testStore } from "./store.ts";

testStore("the SQLite store", {
  async place() {
    const parent = await mkdtemp(join(tmpdir(), "keyhawk-store-"));
    return {
      open: (options) => openSqliteStore(join(parent, "state"), options),
      [Symbol.asyncDispose]: () => rm(parent, { recursive: true }),
    };
  },
});
