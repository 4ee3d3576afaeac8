/** A JSON object whose fields are not known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** The members besides its identity that may change how a record's principal is read. */
export interface Surroundings {
  readonly eventType?: unknown;
  readonly awsRegion?: unknown;
  readonly recipientAccountId?: unknown;
  readonly sessionCredentialFromConsole?: unknown;
}

/** The object's fields; undefined for arrays and for everything else. */
export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : undefined;
}

/** A string that says something; undefined for "" and for everything else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The list itself, a lone value as a list of one, nothing as an empty list. */
export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) {
    return value;
  }
  return value === undefined || value === null ? [] : [value];
}

/** CloudTrail writes some booleans as strings, and other tools more of them. */
export function isTrue(value: unknown): boolean {
  return value === true || value === "true";
}
