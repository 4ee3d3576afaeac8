import type { KmsEvent } from "../cloudtrail/event.ts";
import { type Declarations, nothingDeclared } from "./declarations.ts";
import type { BreakGlassUse, Organization } from "./detector.ts";
import { Expectations } from "./expectations.ts";
import { LearnedAliases, type WrittenAliases } from "./learned-aliases.ts";

export interface OrganizationOptions {
  /** Own account ids; empty: every account whose own trail is seen is ours. */
  readonly accounts: readonly string[];
  readonly approvedForeignAccounts: readonly { account: string; expiresMs: number | undefined }[];
  /** Who may use what, and when; nothing where it is left out. */
  readonly declarations?: Declarations | undefined;
}

/** The organization's accounts: as listed, or as learned from whose trails arrive; and what it declares. */
export class LearnedOrganization implements Organization {
  readonly declared: boolean;
  readonly expectations: Expectations;
  readonly aliases: LearnedAliases;
  readonly #listed: ReadonlySet<string>;
  readonly #approved: ReadonlyMap<string, number>;
  /** Account → first event hour of a record out of its own trail. */
  readonly #seen: Map<string, number>;

  constructor(
    options: OrganizationOptions,
    seen: Readonly<Record<string, number>>,
    aliases: WrittenAliases = {},
  ) {
    const declarations = options.declarations ?? nothingDeclared;
    this.declared = options.accounts.length > 0;
    this.aliases = new LearnedAliases(declarations, aliases);
    this.expectations = new Expectations(declarations, this.aliases.of);
    this.#listed = new Set(options.accounts);
    this.#approved = new Map(
      options.approvedForeignAccounts.map(({ account, expiresMs }) => [
        account,
        expiresMs ?? Number.POSITIVE_INFINITY,
      ]),
    );
    this.#seen = new Map(Object.entries(seen));
  }

  /** Notes that a record out of this account's trail has this event hour. */
  see(accountId: string, hour: number): void {
    const first = this.#seen.get(accountId);
    if (first === undefined || hour < first) this.#seen.set(accountId, hour);
  }

  isOurs(accountId: string, knownBy: number): boolean {
    if (this.declared) return this.#listed.has(accountId);
    const first = this.#seen.get(accountId);
    return first !== undefined && first <= knownBy;
  }

  isApproved(accountId: string, timeMs: number): boolean {
    const until = this.#approved.get(accountId);
    return until !== undefined && timeMs < until;
  }

  expects(
    keyArn: string,
    principal: { readonly key: string; readonly entity: string },
    knownBy: number,
  ): boolean | undefined {
    return this.expectations.expects(keyArn, principal, knownBy);
  }

  isOwnRole(principalKey: string): boolean {
    return this.expectations.isOwnRole(principalKey);
  }

  ownersOf(keyArn: string, knownBy: number): readonly string[] {
    return this.expectations.ownersOf(keyArn, knownBy);
  }

  breakGlass(event: KmsEvent, knownBy: number): BreakGlassUse | undefined {
    return this.expectations.breakGlass(event, knownBy);
  }

  /** Accounts whose trails were seen. */
  names(): Iterable<string> {
    return this.#seen.keys();
  }

  /** Number of accounts whose trails were seen. */
  get size(): number {
    return this.#seen.size;
  }

  seen(): Record<string, number> {
    return Object.fromEntries(this.#seen);
  }
}
