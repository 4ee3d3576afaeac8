import type { KmsEvent } from "../cloudtrail/event.ts";
import type { Declarations } from "./declarations.ts";
import { isAliasSelector, selectsKey } from "./pattern.ts";

/** Key ARN → alias ARN → first event hour in which the one was called by the other. */
export type WrittenAliases = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Pairs of key and alias remembered; further ones are not learned. */
const MOST_PAIRS = 10_000;

/**
 * Which keys the aliases of the configuration mean, learned from calls that name a key by its alias and from calls that make one.
 * An alias that was pointed elsewhere means both keys: what was declared to be guarded stays guarded.
 */
export class LearnedAliases {
  readonly #selectors: readonly string[];
  readonly #keys: Map<string, Map<string, number>>;
  #pairs: number;

  constructor(
    { expectedPrincipals, sensitiveKeys, breakGlass, changeWindows }: Declarations,
    written: WrittenAliases,
  ) {
    const selectors = [
      ...expectedPrincipals.map(({ key }) => key),
      ...sensitiveKeys,
      ...breakGlass.flatMap(({ keys = [] }) => keys),
      ...changeWindows.flatMap(({ keys = [] }) => keys),
    ];
    this.#selectors = [...new Set(selectors.filter(isAliasSelector))];
    this.#keys = new Map(
      Object.entries(written).map(([key, aliases]) => [key, new Map(Object.entries(aliases))]),
    );
    this.#pairs = [...this.#keys.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Whether the configuration speaks of aliases at all. */
  get learns(): boolean {
    return this.#selectors.length > 0;
  }

  /** Learns from a call that succeeded; whoever is refused could name anything. */
  see({ keys, error }: KmsEvent, hour: number): void {
    if (this.#selectors.length === 0 || error !== undefined) return;
    for (const { arn, alias } of keys) {
      if (alias !== undefined && arn.includes(":key/")) this.#learn(arn, alias, hour);
    }
  }

  #learn(keyArn: string, alias: string, hour: number): void {
    this.note(keyArn, keyArn.slice(0, keyArn.indexOf(":key/") + 1) + alias, hour);
  }

  /** Notes that a key was called by an alias, given as its ARN, in an hour. */
  note(keyArn: string, aliasArn: string, hour: number): void {
    let aliases = this.#keys.get(keyArn);
    const first = aliases?.get(aliasArn);
    if (first !== undefined && first <= hour) return;
    if (first === undefined) {
      if (this.#pairs >= MOST_PAIRS) return;
      if (!this.#selectors.some((selector) => selectsKey(selector, keyArn, [aliasArn]))) return;
      this.#pairs += 1;
    }
    aliases ??= new Map();
    aliases.set(aliasArn, hour);
    this.#keys.set(keyArn, aliases);
  }

  /** The aliases under which a key was known by an hour, in order. */
  readonly of = (keyArn: string, knownBy: number): readonly string[] => {
    const aliases = this.#keys.get(keyArn);
    if (aliases === undefined) return [];
    return [...aliases]
      .filter(([, first]) => first <= knownBy)
      .map(([alias]) => alias)
      .sort();
  };

  /** Plain data, for the engine's state. */
  write(): WrittenAliases {
    return Object.fromEntries(
      [...this.#keys].map(([key, aliases]) => [key, Object.fromEntries(aliases)]),
    );
  }
}
