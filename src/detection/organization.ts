import type { Organization } from "./detector.ts";

export interface OrganizationOptions {
  /** Own account ids; empty: every account whose own trail is seen is ours. */
  readonly accounts: readonly string[];
  readonly approvedForeignAccounts: readonly { account: string; expiresMs: number | undefined }[];
}

/** The organization's accounts: as listed, or as learned from whose trails arrive. */
export class LearnedOrganization implements Organization {
  readonly declared: boolean;
  readonly #listed: ReadonlySet<string>;
  readonly #approved: ReadonlyMap<string, number>;
  /** Account → first event hour of a record out of its own trail. */
  readonly #seen: Map<string, number>;

  constructor(options: OrganizationOptions, seen: Readonly<Record<string, number>>) {
    this.declared = options.accounts.length > 0;
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

  /** Number of accounts whose trails were seen. */
  get size(): number {
    return this.#seen.size;
  }

  seen(): Record<string, number> {
    return Object.fromEntries(this.#seen);
  }
}
