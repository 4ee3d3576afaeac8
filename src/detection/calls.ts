/** Slots a table starts with; a power of two. */
const FIRST_SLOTS = 64;

/**
 * Identities of calls seen in one event hour: an open-addressing table of 64-bit ids, 8 bytes a slot, at most two thirds
 * full. Zero is kept apart, since it marks a free slot.
 */
export class CallTable {
  #slots = new Uint32Array(FIRST_SLOTS * 2);
  #mask = FIRST_SLOTS - 1;
  #size = 0;
  #hasZero = false;

  /** Number of identities. */
  get size(): number {
    return this.#size + (this.#hasZero ? 1 : 0);
  }

  /** Adds an identity; false where it was there before. */
  add(high: number, low: number): boolean {
    if ((high | low) === 0) {
      const isNew = !this.#hasZero;
      this.#hasZero = true;
      return isNew;
    }
    if (this.#size * 3 > (this.#mask + 1) * 2) this.#grow();
    return this.#insert(high >>> 0, low >>> 0);
  }

  has(high: number, low: number): boolean {
    if ((high | low) === 0) return this.#hasZero;
    for (let slot = this.#slotOf(high, low); ; slot = (slot + 1) & this.#mask) {
      const slotHigh = this.#slots[slot * 2] ?? 0;
      const slotLow = this.#slots[slot * 2 + 1] ?? 0;
      if ((slotHigh | slotLow) === 0) return false;
      if (slotHigh === high >>> 0 && slotLow === low >>> 0) return true;
    }
  }

  #slotOf(high: number, low: number): number {
    return (low ^ Math.imul(high, 0x9e3779b1)) & this.#mask;
  }

  #insert(high: number, low: number): boolean {
    const slots = this.#slots;
    let slot = this.#slotOf(high, low);
    for (;;) {
      const at = slot * 2;
      const slotHigh = slots[at] ?? 0;
      const slotLow = slots[at + 1] ?? 0;
      if ((slotHigh | slotLow) === 0) {
        slots[at] = high;
        slots[at + 1] = low;
        this.#size += 1;
        return true;
      }
      if (slotHigh === high && slotLow === low) return false;
      slot = (slot + 1) & this.#mask;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    this.#mask = this.#slots.length / 2 - 1;
    this.#size = 0;
    for (let at = 0; at < old.length; at += 2) {
      const high = old[at] ?? 0;
      const low = old[at + 1] ?? 0;
      if ((high | low) !== 0) this.#insert(high, low);
    }
  }
}

/** Identities of calls over the hours that may still repeat, and those added since they were last taken for a commit. */
export class RecentCalls {
  readonly #tables = new Map<number, CallTable>();
  readonly #fresh = new Map<number, number[]>();

  /** Adds the identity of a call of an event hour; false where it was seen before. */
  add(hour: number, high: number, low: number): boolean {
    let table = this.#tables.get(hour);
    if (table === undefined) {
      table = new CallTable();
      this.#tables.set(hour, table);
    }
    if (!table.add(high, low)) return false;
    let fresh = this.#fresh.get(hour);
    if (fresh === undefined) {
      fresh = [];
      this.#fresh.set(hour, fresh);
    }
    fresh.push(high, low);
    return true;
  }

  /**
   * Adds the identity of a call whose own hour is forgotten, under the hour in which it came; false where any hour that is
   * not forgotten has it.
   */
  addLate(hour: number, high: number, low: number): boolean {
    for (const table of this.#tables.values()) {
      if (table.has(high, low)) return false;
    }
    return this.add(hour, high, low);
  }

  /** Puts back what an earlier process had committed: 8 bytes an identity, big-endian. */
  restore(hour: number, ids: Uint8Array): void {
    let table = this.#tables.get(hour);
    if (table === undefined) {
      table = new CallTable();
      this.#tables.set(hour, table);
    }
    const view = new DataView(ids.buffer, ids.byteOffset, ids.byteLength);
    for (let at = 0; at + 8 <= ids.byteLength; at += 8) {
      table.add(view.getUint32(at), view.getUint32(at + 4));
    }
  }

  /** Identities added since the last call, packed by hour. */
  takeFresh(): { hour: number; ids: Uint8Array }[] {
    const segments: { hour: number; ids: Uint8Array }[] = [];
    for (const [hour, fresh] of this.#fresh) {
      const ids = new Uint8Array(fresh.length * 4);
      const view = new DataView(ids.buffer);
      for (const [index, word] of fresh.entries()) view.setUint32(index * 4, word >>> 0);
      segments.push({ hour, ids });
    }
    this.#fresh.clear();
    return segments;
  }

  /** Forgets hours before this one. */
  forgetBefore(hour: number): void {
    for (const known of this.#tables.keys()) {
      if (known < hour) this.#tables.delete(known);
    }
  }
}
