/** A run of items that one request may carry. */
export interface Packet<Item> {
  /** Position of its first item. */
  readonly start: number;
  readonly items: readonly Item[];
}

/** Splits items, in order, into packets of at most so many items and bytes. An item over the bytes goes alone. */
export function pack<Item>(
  items: readonly Item[],
  limits: { items: number; bytes: number },
  bytesOf: (item: Item) => number,
): Packet<Item>[] {
  const packets: { start: number; items: Item[]; bytes: number }[] = [];
  for (const [index, item] of items.entries()) {
    const bytes = bytesOf(item);
    const last = packets.at(-1);
    if (
      last !== undefined &&
      last.items.length < limits.items &&
      last.bytes + bytes <= limits.bytes
    ) {
      last.items.push(item);
      last.bytes += bytes;
    } else {
      packets.push({ start: index, items: [item], bytes });
    }
  }
  return packets;
}
