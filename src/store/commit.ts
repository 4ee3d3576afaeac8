import type { Commit } from "./store.ts";

/** A commit that changes nothing. */
export const noChanges: Commit = {
  positions: new Map(),
  memories: new Map(),
  engineState: undefined,
  calls: [],
  forgetCallsBeforeHour: undefined,
  alerts: [],
  deliveries: [],
  deadLetters: [],
  counters: {},
  history: [],
  usage: [],
};
