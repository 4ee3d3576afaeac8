/** A pattern is the value itself, or has `*` for any run of characters, the empty one included. */
export function matchesPattern(pattern: string, value: string): boolean {
  const parts = pattern.split("*");
  const [first = "", ...rest] = parts;
  if (rest.length === 0) return value === pattern;
  if (!value.startsWith(first)) return false;
  let at = first.length;
  const last = rest.pop() ?? "";
  for (const part of rest) {
    const next = value.indexOf(part, at);
    if (next < 0) return false;
    at = next + part.length;
  }
  return value.length - last.length >= at && value.endsWith(last);
}

/** Whether any of the patterns matches. */
export function matchesAny(patterns: readonly string[], value: string): boolean {
  return patterns.some((pattern) => matchesPattern(pattern, value));
}

/**
 * Whether a selector means a key: its ARN or a pattern of it, its id, the account that owns it (12 digits), or one of its aliases
 * (`alias/NAME` or an alias ARN, with `*`), as full alias ARNs.
 */
export function selectsKey(
  selector: string,
  keyArn: string,
  aliasArns: readonly string[],
): boolean {
  if (selector.startsWith("alias/")) {
    return aliasArns.some((arn) => matchesPattern(selector, arn.slice(arn.indexOf(":alias/") + 1)));
  }
  if (selector.includes(":alias/")) {
    return aliasArns.some((arn) => matchesPattern(selector, arn));
  }
  if (selector.startsWith("arn:")) return matchesPattern(selector, keyArn);
  if (ACCOUNT.test(selector)) return keyArn.split(":")[4] === selector;
  return matchesPattern(selector, keyArn.slice(keyArn.indexOf(":key/") + ":key/".length));
}

/** Whether a selector speaks of an alias, whose key has to be learned. */
export function isAliasSelector(selector: string): boolean {
  return selector.startsWith("alias/") || selector.includes(":alias/");
}

/** Whether a principal is meant: by its key (role, user or service) or by its entity, which names the person in a shared role. */
export function selectsPrincipal(
  patterns: readonly string[],
  { key, entity }: NamedPrincipal,
): boolean {
  return matchesAny(patterns, key) || (entity !== key && matchesAny(patterns, entity));
}

export interface NamedPrincipal {
  readonly key: string;
  readonly entity: string;
}

const ACCOUNT = /^\d{12}$/;
