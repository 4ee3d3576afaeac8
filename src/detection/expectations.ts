import type { KmsEvent } from "../cloudtrail/event.ts";
import { covers, isOpen, type Scoped } from "./change-window.ts";
import type { BreakGlass, Declarations } from "./declarations.ts";
import type { BreakGlassUse } from "./detector.ts";
import { matchesAny, type NamedPrincipal, selectsKey, selectsPrincipal } from "./pattern.ts";

/** Aliases of a key that were seen by an hour, as ARNs. */
export type AliasesOf = (keyArn: string, knownBy: number) => readonly string[];

/** Keys whose lists are remembered; beyond it they are looked up anew. */
const MOST_KEYS = 10_000;

/** Answers out of what is declared: who may use a key, how a role for emergencies may be used. */
export class Expectations {
  readonly #declared: Declarations;
  readonly #aliasesOf: AliasesOf;
  readonly #ownRoles: ReadonlySet<string>;
  /** Key ARN → lists that name it other than by an alias. */
  readonly #lists = new Map<string, Declarations["expectedPrincipals"]>();

  constructor(declared: Declarations, aliasesOf: AliasesOf) {
    this.#declared = declared;
    this.#aliasesOf = aliasesOf;
    this.#ownRoles = new Set(declared.self.map(({ principal }) => principal));
  }

  isOwnRole(principalKey: string): boolean {
    return this.#ownRoles.has(principalKey);
  }

  /** Whether a principal is listed for a key, by any of its lists; undefined where the key has none. */
  expects(keyArn: string, principal: NamedPrincipal, knownBy: number): boolean | undefined {
    const otherwise = this.#ownRoles.has(principal.key) ? false : undefined;
    if (this.#declared.expectedPrincipals.length === 0) return otherwise;
    const lists = this.#listsOf(keyArn, knownBy);
    if (lists.length === 0) return otherwise;
    return lists.some(({ principals }) => selectsPrincipal(principals, principal));
  }

  /** The owners of a key's lists. */
  ownersOf(keyArn: string, knownBy: number): string[] {
    return [...new Set(this.#listsOf(keyArn, knownBy).map(({ owner }) => owner))].sort();
  }

  /** How an event uses a role for emergencies; undefined where its principal is none. */
  breakGlass(event: KmsEvent, knownBy: number): BreakGlassUse | undefined {
    const { principal, keys, timeMs } = event;
    const session = principal.session ?? null;
    const declared = this.breakGlassOf(principal);
    if (declared === undefined) return undefined;
    const isKnownKey = keys.every(({ arn }) => this.#mayUse(declared, arn, knownBy));
    const isKnownSession = isAllowedSession(declared, session);
    const scoped: Scoped = {
      accountId: event.recipientAccountId ?? principal.accountId ?? null,
      keyArn: keys[0]?.arn ?? null,
      principal,
    };
    return {
      name: declared.name,
      owner: declared.owner,
      faults: [
        ...(isKnownSession ? [] : ["session" as const]),
        ...(isKnownKey ? [] : ["key" as const]),
        ...(this.#isTime(declared, scoped, timeMs, knownBy) ? [] : ["time" as const]),
      ],
    };
  }

  /** The declaration that names a principal. */
  breakGlassOf(principal: NamedPrincipal): BreakGlass | undefined {
    return this.#declared.breakGlass.find(({ principals }) =>
      selectsPrincipal(principals, principal),
    );
  }

  /** Whether what an alert says of a role for emergencies is within its declaration; unsure counts as no. */
  isAsDeclared(
    declared: BreakGlass,
    { session, timeMs, ...scoped }: Scoped & { session: string | null; timeMs: number },
    knownBy: number,
  ): boolean {
    const { keyArn } = scoped;
    if (!isAllowedSession(declared, session)) return false;
    if (declared.keys !== undefined && keyArn === null) return false;
    if (keyArn !== null && !this.#mayUse(declared, keyArn, knownBy)) return false;
    return this.#isTime(declared, scoped, timeMs, knownBy);
  }

  #mayUse({ keys }: BreakGlass, keyArn: string, knownBy: number): boolean {
    return (
      keys === undefined ||
      keys.some((selector) => selectsKey(selector, keyArn, this.#aliasesOf(keyArn, knownBy)))
    );
  }

  /** A window that mutes some detectors only opens nothing, unless this one is among them. */
  #isTime({ allowed }: BreakGlass, scoped: Scoped, timeMs: number, knownBy: number): boolean {
    if (allowed === "always") return true;
    const aliases = scoped.keyArn === null ? [] : this.#aliasesOf(scoped.keyArn, knownBy);
    return this.#declared.changeWindows.some(
      (window) =>
        (window.detectors === undefined || window.detectors.includes("break-glass")) &&
        isOpen(window, timeMs) &&
        covers(window, scoped, aliases),
    );
  }

  #listsOf(keyArn: string, knownBy: number): Declarations["expectedPrincipals"] {
    const { expectedPrincipals } = this.#declared;
    let lists = this.#lists.get(keyArn);
    if (lists === undefined) {
      lists = expectedPrincipals.filter(({ key }) => selectsKey(key, keyArn, []));
      if (this.#lists.size >= MOST_KEYS) this.#lists.clear();
      this.#lists.set(keyArn, lists);
    }
    const aliases = this.#aliasesOf(keyArn, knownBy);
    if (aliases.length === 0) return lists;
    const byAlias = expectedPrincipals.filter(({ key }) => selectsKey(key, keyArn, aliases));
    return [...new Set([...lists, ...byAlias])];
  }
}

function isAllowedSession({ sessions }: BreakGlass, session: string | null): boolean {
  return sessions === undefined || (session !== null && matchesAny(sessions, session));
}
