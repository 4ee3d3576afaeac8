/** A source cannot go on until an operator mends what the message names. */
export class SourceError extends Error {
  override readonly name = "SourceError";
  /** What it is about: a path, a bucket, a stream. */
  readonly subject: string;
  /** `usage`: the command line or configuration names what is not there; `access`: the permission named is missing; `failed`: the rest. */
  readonly code: "usage" | "access" | "failed";
  /** Whether reading the same again later can help. */
  readonly retryable: boolean;

  constructor(
    subject: string,
    problem: string,
    options: { code: "usage" | "access" | "failed"; retryable?: boolean; cause?: unknown },
  ) {
    super(`${subject}: ${problem}`, { cause: options.cause });
    this.subject = subject;
    this.code = options.code;
    this.retryable = options.retryable ?? false;
  }
}
