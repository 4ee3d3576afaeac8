import type { CallIndex } from "./call-index.ts";
import type { EntityState } from "./entity-state.ts";

/** An entity as this container knows it. */
export interface HeldEntity {
  readonly state: EntityState;
  /** Version of the item that it was committed as; 0 where there is none. */
  readonly version: number;
  /** As committed. */
  readonly closesAtHour: number | undefined;
  readonly calls: CallIndex;
  /** Hours whose call identities the state knows. */
  readonly hours: Set<number>;
  /** Rough size in heap, bytes. */
  readonly weight: number;
}

/**
 * Entities kept from one invocation to the next, those used last. Another container may have written one since: its version
 * tells when it is committed.
 */
export class EntityCache {
  readonly #held = new Map<string, HeldEntity>();
  readonly #mostBytes: number;
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Hands an entity out: it is in the cache no more, since who folds into it may fail to commit. */
  take(name: string): HeldEntity | undefined {
    const held = this.#held.get(name);
    if (held === undefined) return undefined;
    this.#held.delete(name);
    this.#bytes -= held.weight;
    return held;
  }

  /** Keeps an entity as committed; those unused longest go where there is no room. */
  put(name: string, held: HeldEntity): void {
    this.take(name);
    this.#held.set(name, held);
    this.#bytes += held.weight;
    for (const oldest of this.#held.keys()) {
      if (this.#bytes <= this.#mostBytes) return;
      this.take(oldest);
    }
  }
}
