import { historySource } from "../../src/sources/history-source.ts";
import { bucketOf } from "../support/bucket.ts";
import { mixedHistory, silent, smallBatches } from "../support/history-world.ts";
import { describeSource } from "./source.ts";

describeSource("of a bucket", async () => {
  const { files, eventIds, deadLetters, counts } = mixedHistory();
  const bucket = await bucketOf(files);
  return {
    source: () => historySource([bucket.url], { ...smallBatches, s3: bucket.options }, silent),
    eventIds: () => eventIds,
    deadLetters,
    counts,
    close: async () => bucket[Symbol.asyncDispose](),
  };
});
