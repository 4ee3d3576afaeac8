/** Runs `work` on each of `items`, so many at a time, and gives the results in order. Rejects with the first failure. */
export async function inParallel<Value, Result>(
  items: readonly Value[],
  atOnce: number,
  work: (item: Value) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  async function worker(): Promise<void> {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await work(items[index] as Value);
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
