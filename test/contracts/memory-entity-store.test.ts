import { memoryEntityStore } from "../support/memory-entity-store.ts";
import { testEntityStore } from "./entity-store.ts";

testEntityStore("the entity store of the tests", {
  async place() {
    let store: ReturnType<typeof memoryEntityStore> | undefined;
    return {
      open: async (now) => (store ??= memoryEntityStore(now)),
      history: async () => store?.keptHistory() ?? { hours: [], usage: [] },
      async [Symbol.asyncDispose]() {},
    };
  },
});
