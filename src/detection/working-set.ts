import type { KmsEvent } from "../cloudtrail/event.ts";
import type { EntityKind } from "./detector.ts";
import { type EntityMemory, newMemory } from "./memory.ts";
import { type Accounts, eachTarget, entityName, entityOf } from "./routing.ts";

const KINDS: readonly EntityKind[] = ["principal", "key", "account"];

/** The memories in heap, and which of them the events of a batch are about. */
export class WorkingSet {
  readonly #memories: Record<EntityKind, Map<string, EntityMemory>>;
  /** Number of detectors of each kind of entity. */
  readonly #slots: Readonly<Record<EntityKind, number>>;
  readonly #limit: number;
  readonly #organization: Accounts;
  #routed: readonly KmsEvent[] = [];
  /** Memories of the routed event `i` from `#starts[i]` up to `#starts[i + 1]`. */
  readonly #starts: number[] = [];
  readonly #found: (EntityMemory | undefined)[] = [];

  /** Keeps about `limit` memories: a third of each kind. */
  constructor(slots: Readonly<Record<EntityKind, number>>, limit: number, organization: Accounts) {
    this.#memories = { principal: new Map(), key: new Map(), account: new Map() };
    this.#slots = slots;
    this.#limit = Math.ceil(limit / KINDS.length);
    this.#organization = organization;
  }

  /** The memory of a name, if it is in heap. */
  named(name: string): EntityMemory | undefined {
    const { kind, id } = entityOf(name);
    return this.#memories[kind].get(id);
  }

  add(memory: EntityMemory): void {
    this.#memories[memory.kind].set(memory.id, memory);
  }

  /** The memory of an account, made where it is nowhere. */
  account(id: string): EntityMemory {
    return this.#memory("account", id);
  }

  accounts(): Iterable<EntityMemory> {
    return this.#memories.account.values();
  }

  *all(): Generator<EntityMemory> {
    for (const kind of KINDS) yield* this.#memories[kind].values();
  }

  /** Routes events, which `forEach` then need not do again; adds the names of memories that are not in heap to `missing`. */
  route(events: readonly KmsEvent[], missing: Set<string>): void {
    this.forgetRoutes();
    this.#routed = events;
    const look = (kind: EntityKind, id: string) => {
      const memory = this.#memories[kind].get(id);
      this.#found.push(memory);
      if (memory === undefined) missing.add(entityName(kind, id));
    };
    for (const event of events) {
      this.#starts.push(this.#found.length);
      eachTarget(event, this.#organization, look);
    }
    this.#starts.push(this.#found.length);
  }

  /** Visits the memories of `events[index]`, making those that are nowhere. */
  forEach(
    events: readonly KmsEvent[],
    index: number,
    event: KmsEvent,
    visit: (memory: EntityMemory, event: KmsEvent) => void,
  ): void {
    const from = this.#starts[index] ?? 0;
    const to = this.#starts[index + 1] ?? 0;
    if (this.#routed !== events || !this.#isFound(from, to)) {
      eachTarget(event, this.#organization, (kind, id) => visit(this.#memory(kind, id), event));
      return;
    }
    for (let at = from; at < to; at += 1) {
      const memory = this.#found[at];
      if (memory !== undefined) visit(memory, event);
    }
  }

  forgetRoutes(): void {
    this.#routed = [];
    this.#starts.length = 0;
    this.#found.length = 0;
  }

  /** Lets go of the longest untouched beyond the limit, but of none with an open alert; returns them. */
  evict(): EntityMemory[] {
    const evicted: EntityMemory[] = [];
    for (const kind of KINDS) {
      const memories = this.#memories[kind];
      const excess = memories.size - this.#limit;
      if (excess <= 0) continue;
      const idle = [...memories.values()].filter(({ alerts }) => alerts.size === 0);
      idle.sort((one, other) => one.touched - other.touched);
      for (const memory of idle.slice(0, excess)) {
        memories.delete(memory.id);
        evicted.push(memory);
      }
    }
    return evicted;
  }

  #isFound(from: number, to: number): boolean {
    for (let at = from; at < to; at += 1) {
      if (this.#found[at] === undefined) return false;
    }
    return true;
  }

  #memory(kind: EntityKind, id: string): EntityMemory {
    const known = this.#memories[kind].get(id);
    if (known !== undefined) return known;
    const made = newMemory(kind, id, this.#slots[kind]);
    this.#memories[kind].set(id, made);
    return made;
  }
}
