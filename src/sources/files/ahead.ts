/** Folders that are listed at the same time. */
export const foldersAtOnce = 16;

/** Runs work on each item, at most `limit` at a time; rejects with the first failure. */
export async function inParallel<Item>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}

/**
 * Starts work on items ahead of the consumer, at most `limit` at a time, and hands the results out in the order of the
 * items. What was started and is not asked for any more is left to end by itself.
 */
export async function* mapAhead<Item, Result>(
  items: AsyncIterator<Item, unknown, undefined>,
  limit: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const started: Promise<Result>[] = [];
  let ended = false;
  while (true) {
    while (!ended && started.length < limit) {
      const item = await items.next();
      if (item.done === true) {
        ended = true;
        break;
      }
      const result = work(item.value);
      result.catch(() => undefined); // Reported where it is awaited, below.
      started.push(result);
    }
    const first = started.shift();
    if (first === undefined) return;
    yield await first;
  }
}
