import {
  DatabaseSync,
  type SQLInputValue,
  type SQLOutputValue,
  type StatementSync,
} from "node:sqlite";
import { StoreError, type StoreErrorCode } from "../store.ts";

export type Row = Record<string, SQLOutputValue>;

/** One connection whose statements are prepared once and whose errors are `StoreError`s that name the state directory. */
export class Database implements Disposable {
  readonly directory: string;
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(directory: string, file: string | URL, readOnly: boolean) {
    this.directory = directory;
    this.#connection = translated(directory, () => new DatabaseSync(file, { readOnly }));
  }

  /** Runs statements that take no values. */
  execute(sql: string): void {
    translated(this.directory, () => this.#connection.exec(sql));
  }

  /** Runs one statement and gives the number of rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return translated(this.directory, () => Number(this.#statement(sql).run(...values).changes));
  }

  row(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return translated(this.directory, () => this.#statement(sql).get(...values));
  }

  rows(sql: string, ...values: SQLInputValue[]): Row[] {
    return translated(this.directory, () => this.#statement(sql).all(...values));
  }

  /** All that `work` writes becomes durable when this returns, or nothing of it when it throws. */
  transaction<T>(work: () => T): T {
    this.execute("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.execute("COMMIT");
      return result;
    } catch (error) {
      // SQLite has rolled back by itself where the disk was full.
      if (this.#connection.isTransaction) {
        this.execute("ROLLBACK");
      }
      throw error;
    }
  }

  /** All that `read` reads is of one moment, though other connections write meanwhile. */
  async snapshot<T>(read: () => Promise<T>): Promise<T> {
    this.execute("BEGIN");
    try {
      return await read();
    } finally {
      if (this.#connection.isTransaction) {
        this.execute("COMMIT");
      }
    }
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    if (this.#connection.isOpen) {
      this.#connection.close();
    }
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) {
      return known;
    }
    const statement = this.#connection.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** The text in a column. Throws `StoreError` `corrupt` where it holds anything else, as the next functions do. */
export function textIn(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") {
    throw damaged(`column ${column} holds no text`);
  }
  return value;
}

export function textOrNothingIn(row: Row, column: string): string | undefined {
  return row[column] === null ? undefined : textIn(row, column);
}

export function numberIn(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number") {
    throw damaged(`column ${column} holds no number`);
  }
  return value;
}

export function numberOrNullIn(row: Row, column: string): number | null {
  return row[column] === null ? null : numberIn(row, column);
}

export function bytesIn(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) {
    throw damaged(`column ${column} holds no bytes`);
  }
  return value;
}

/** The error for content that only damage to the file can explain. */
export function damaged(problem: string, cause?: unknown): StoreError {
  return new StoreError("corrupt", "keyhawk.db", `damaged: ${problem}`, cause);
}

/** Runs something of SQLite and throws its errors as `StoreError`. */
function translated<T>(directory: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storeErrorOf(directory, error);
  }
}

/** SQLite's result codes: https://www.sqlite.org/rescode.html; the low byte is the primary code. */
const shortRead = 522;
const problems: ReadonlyMap<number, readonly [StoreErrorCode, string]> = new Map([
  [5, ["busy", "another program keeps keyhawk.db locked; close it and try again"]],
  [8, ["read-only", "keyhawk.db may not be written: opened to read, or its permissions forbid it"]],
  [10, ["failed", "the disk failed to read or write keyhawk.db"]],
  [11, ["corrupt", "keyhawk.db is damaged; restore it from a copy, or move it away to start anew"]],
  [13, ["full", "no room for keyhawk.db; nothing of the last write was kept"]],
  [14, ["read-only", "keyhawk.db cannot be opened; check permissions of the directory"]],
  [26, ["corrupt", "keyhawk.db is no database; restore it from a copy, or move it away"]],
]);

function storeErrorOf(directory: string, error: unknown): unknown {
  const resultCode = resultCodeOf(error);
  if (resultCode === undefined) {
    return error;
  }
  const primary = resultCode === shortRead ? 11 : resultCode & 0xff;
  const [code, problem] = problems.get(primary) ?? ["failed", "the database refused"];
  const detail = error instanceof Error ? error.message : "unknown";
  return new StoreError(code, directory, `${problem} (${detail})`, error);
}

/** SQLite's extended result code of an error, undefined for errors of another kind. */
function resultCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) {
    return undefined;
  }
  return typeof error.errcode === "number" ? error.errcode : undefined;
}
