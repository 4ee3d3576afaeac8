/** The command was called wrongly: exit status 2. The message is `subject: problem`. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
