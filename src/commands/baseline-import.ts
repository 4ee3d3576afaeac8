import { loadConfig } from "../config.ts";
import { noChanges } from "../store/commit.ts";
import { openStore } from "../store/open-store.ts";
import type { StateStore } from "../store/store.ts";
import { useContextHashKey } from "./assembly.ts";
import type { ImportOptions } from "./baseline.ts";
import type { LearnedState } from "./baseline-file.ts";
import { type LearnedBaseline, readBaselineFile } from "./baseline-reader.ts";
import type { CommandContext } from "./options.ts";
import { statePlace } from "./state.ts";
import { UsageError } from "./usage-error.ts";

/** `keyhawk baseline import`: a state starts from what was exported. Resolves to the exit status. */
export async function importBaseline(
  options: ImportOptions,
  { log, signal }: CommandContext,
): Promise<number> {
  const openHours = options.config === undefined ? undefined : await openHoursOf(options.config);
  const place = await statePlace(options);
  const baseline = await readBaselineFile(options.file, openHours, signal);
  await using store = await openStore(place);
  const known = await learnedState(store);
  if (known !== "nothing" && options.force !== true) {
    throw new UsageError(
      `${place}: expected a new state, found one that has learned; ` +
        "choose another, or --force to replace the entities that the file has",
    );
  }
  await useKey(store, baseline);
  const state =
    known === "nothing" || known === undefined ? baseline.state : merged(known, baseline.state);
  for (const acceptance of baseline.acceptances) await store.suppressions.add(acceptance);
  await store.commit({ ...noChanges, ...baseline, engineState: JSON.stringify(state) });
  for (const detector of baseline.anew) {
    log.warn(
      { detector },
      "learned by another version of the detector, or under a secret that the file lacks; it starts to learn anew",
    );
  }
  const learnedUntil = new Date(state.watermarkMs).toISOString();
  log.info({ memories: baseline.memories.size, learnedUntil, state: place }, "imported");
  return 0;
}

async function openHoursOf(configFile: string): Promise<number> {
  const { detection } = await loadConfig(configFile);
  return Math.ceil(detection.latenessMinutes / 60) + 1;
}

/** The engine's state, undefined where there are only memories or positions, `nothing` in a new store. */
async function learnedState(store: StateStore): Promise<LearnedState | undefined | "nothing"> {
  const text = await store.engineState();
  if (text !== undefined) return JSON.parse(text) as LearnedState;
  const isNew =
    (await store.positions()).size === 0 && (await store.memoriesAfter("", 1)).size === 0;
  return isNew ? "nothing" : undefined;
}

async function useKey(store: StateStore, { contextHashKey }: LearnedBaseline): Promise<void> {
  if (contextHashKey === undefined) return;
  await useContextHashKey(store, contextHashKey);
}

/** What both know: the newest time, the first sight of each account, all that is open. */
function merged(known: LearnedState, added: LearnedState): LearnedState {
  const accounts = { ...known.accounts };
  for (const [account, hour] of Object.entries(added.accounts)) {
    accounts[account] = Math.min(hour, accounts[account] ?? hour);
  }
  const combination = new Map([...(known.combination ?? []), ...(added.combination ?? [])]);
  return {
    ...known,
    watermarkMs: Math.max(known.watermarkMs, added.watermarkMs),
    accounts,
    aliases: { ...known.aliases, ...added.aliases },
    open: [...new Set([...known.open, ...added.open])].sort(),
    combination: [...combination],
  };
}
