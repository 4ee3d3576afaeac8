import { hourOf } from "../baseline/calendar.ts";
import type { KmsEvent } from "../cloudtrail/event.ts";
import type { LearnedOrganization } from "../detection/organization.ts";
import type { EntityStore } from "../store/entity-store.ts";

/** Pairs of key and alias that the store is given; further ones are not shared between containers. */
const MOST_ALIASES = 1000;

/**
 * Notes what is learned of the organization, accounts whose own trails are seen and aliases of keys, before the events that
 * taught it go on: nobody judges an event whose account is not noted yet.
 */
export class OrganizationWriter {
  readonly #organization: LearnedOrganization;
  readonly #store: Pick<EntityStore, "accounts" | "noteAccounts">;
  #noted: Map<string, number> | undefined;

  constructor(
    organization: LearnedOrganization,
    store: Pick<EntityStore, "accounts" | "noteAccounts">,
  ) {
    this.#organization = organization;
    this.#store = store;
  }

  async note(events: readonly KmsEvent[]): Promise<void> {
    const organization = this.#organization;
    if (!learns(organization) || events.length === 0) return;
    if (this.#noted === undefined) {
      const noted = await this.#store.accounts();
      takeOver(organization, noted);
      this.#noted = noted;
    }
    for (const event of events) {
      const { recipientAccountId: account, timeMs } = event;
      if (account !== undefined && !organization.declared)
        organization.see(account, hourOf(timeMs));
      organization.aliases.see(event, hourOf(timeMs));
    }
    const noted = this.#noted;
    const news = [...notesOf(organization)].filter(([name, hour]) => {
      const known = noted.get(name);
      return known === undefined || hour < known;
    });
    if (news.length === 0) return;
    await this.#store.noteAccounts(new Map(news));
    for (const [name, hour] of news) noted.set(name, hour);
  }
}

/**
 * What was noted, read again when event time has come to another hour: a question is always about the hours before those that
 * are open, and what was seen then had been noted before.
 */
export class OrganizationReader {
  readonly #organization: LearnedOrganization;
  readonly #store: Pick<EntityStore, "accounts">;
  #hour = Number.NEGATIVE_INFINITY;

  constructor(organization: LearnedOrganization, store: Pick<EntityStore, "accounts">) {
    this.#organization = organization;
    this.#store = store;
  }

  /** Knows what had been noted when the first event of this hour was read. */
  async refresh(hour: number): Promise<void> {
    if (!learns(this.#organization) || !(hour > this.#hour)) return;
    takeOver(this.#organization, await this.#store.accounts());
    this.#hour = hour;
  }
}

function learns({ declared, aliases }: LearnedOrganization): boolean {
  return !declared || aliases.learns;
}

function notesOf(organization: LearnedOrganization): Map<string, number> {
  const notes = new Map<string, number>();
  if (!organization.declared) {
    for (const [account, hour] of Object.entries(organization.seen())) notes.set(account, hour);
  }
  const pairs = Object.entries(organization.aliases.write()).flatMap(([keyArn, aliases]) =>
    Object.entries(aliases).map(([aliasArn, hour]) => [`${keyArn} ${aliasArn}`, hour] as const),
  );
  for (const [pair, hour] of pairs.slice(0, MOST_ALIASES)) notes.set(pair, hour);
  return notes;
}

function takeOver(organization: LearnedOrganization, noted: ReadonlyMap<string, number>): void {
  for (const [name, hour] of noted) {
    const [first = "", aliasArn] = name.split(" ");
    if (aliasArn === undefined) organization.see(first, hour);
    else organization.aliases.note(first, aliasArn, hour);
  }
}
