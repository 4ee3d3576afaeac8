import { join } from "node:path";
import { StoreError } from "../store.ts";
import { Database, numberIn, type Row, textIn } from "./database.ts";
import { createPrivateFile, systemCall } from "./state-directory.ts";

/**
 * Makes this process the only consumer of a state directory, until disposed or the process ends, however it ends: the lock
 * is the operating system's own, on keyhawk.lock. Throws `StoreError` `locked`, naming the process that has it.
 *
 * The lock file is a small database on which an empty write transaction stays open. That keeps other writers out and lets
 * them read who holds it.
 */
export function lockDirectory(directory: string, now: () => number): Disposable {
  const file = join(directory, "keyhawk.lock");
  systemCall(directory, () => createPrivateFile(file));
  const database = new Database(directory, file, false);
  try {
    database.execute("PRAGMA busy_timeout = 250");
    database.transaction(() => {
      database.execute(
        "CREATE TABLE IF NOT EXISTS holder (pid INTEGER NOT NULL, since TEXT NOT NULL)",
      );
      database.execute("DELETE FROM holder");
      const since = new Date(now()).toISOString();
      database.run("INSERT INTO holder VALUES (?, ?)", process.pid, since);
    });
    // Whoever comes in between is now the holder, and this one is refused.
    database.execute("BEGIN IMMEDIATE");
    return database;
  } catch (error) {
    const refused = error instanceof StoreError && error.code === "busy";
    const problem = refused ? lockedError(database) : lockFileError(directory, error);
    database[Symbol.dispose]();
    throw problem;
  }
}

function lockedError(database: Database): StoreError {
  const holder = holderOf(database);
  const who =
    holder === undefined
      ? "another process"
      : `process ${numberIn(holder, "pid")} (since ${textIn(holder, "since")})`;
  const problem = `in use by ${who}; one consumer at a time, stop it or choose another directory`;
  return new StoreError("locked", database.directory, problem);
}

function holderOf(database: Database): Row | undefined {
  try {
    return database.row("SELECT pid, since FROM holder");
  } catch (error) {
    if (error instanceof StoreError) {
      return undefined; // Just being taken: the refusal stands without a name.
    }
    throw error;
  }
}

function lockFileError(directory: string, error: unknown): unknown {
  if (error instanceof StoreError && error.code === "corrupt") {
    const problem = "keyhawk.lock is damaged; it holds no state, remove it when no consumer runs";
    return new StoreError("corrupt", directory, problem, error);
  }
  return error;
}
