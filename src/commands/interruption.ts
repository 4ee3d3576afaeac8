/** Why a command was stopped from outside; the exit status is that of a shell: 128 + the signal's number. */
export class Interruption extends Error {
  override readonly name = "AbortError";
  readonly exitStatus: number;

  constructor(signal: "SIGINT" | "SIGTERM") {
    super(`stopped by ${signal}`);
    this.exitStatus = signal === "SIGINT" ? 130 : 143;
  }
}
