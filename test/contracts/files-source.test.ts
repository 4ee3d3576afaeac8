import { historySource } from "../../src/sources/history-source.ts";
import { folderOf, mixedHistory, silent, smallBatches } from "../support/history-world.ts";
import { describeSource } from "./source.ts";

describeSource("of files and folders", async () => {
  const { files, eventIds, deadLetters, counts } = mixedHistory();
  const folder = await folderOf(files);
  return {
    source: () => historySource([folder.path], smallBatches, silent),
    eventIds: () => eventIds,
    deadLetters,
    counts,
    close: () => folder[Symbol.asyncDispose](),
  };
});
