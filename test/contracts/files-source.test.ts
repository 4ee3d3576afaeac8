import { describe } from "vitest";
import { historySource } from "../../src/sources/history-source.ts";
import {
  dailyHistory,
  folderOf,
  mixedHistory,
  silent,
  smallBatches,
} from "../support/history-world.ts";
import { describeSource } from "./source.ts";

describe.each([
  ["files and folders", mixedHistory(), smallBatches],
  ["daily files", dailyHistory(), { ...smallBatches, batch: { events: 20 } }],
  [
    "daily files that do not fit",
    dailyHistory(),
    { ...smallBatches, batch: { events: 20 }, eventsHeld: 100 },
  ],
])("history in %s", (name, world, options) =>
  describeSource(name, async () => {
    const { files, eventIds, deadLetters, counts } = world;
    const folder = await folderOf(files);
    return {
      source: () => historySource([folder.path], options, silent),
      eventIds: () => eventIds,
      deadLetters,
      counts,
      close: async () => folder[Symbol.asyncDispose](),
    };
  }),
);
