import { randomBytes } from "node:crypto";
import type { Config } from "../config.ts";
import { Engine } from "../detection/engine.ts";
import { engineOptionsOf } from "../engine-options.ts";
import type { StateStore } from "../store/store.ts";

/** The engine of a configuration, as far as this store has brought it. */
export async function assembleEngine(
  config: Config,
  store: StateStore,
  options: {
    readonly learnUntilMs: number | undefined;
    readonly replay: boolean;
    /** Nobody will go on from this store. */
    readonly isTransient?: boolean;
  },
): Promise<Engine> {
  return new Engine({ ...engineOptionsOf(config), ...options }, await store.engineState());
}

const HASH_KEY = "context-hash-key";

/** The secret that this installation hashes encryption-context values with, made at its first use. */
export async function contextHashKey(store: StateStore): Promise<Uint8Array> {
  const known = await store.setting(HASH_KEY);
  if (known !== undefined) return known;
  const made = new Uint8Array(randomBytes(16));
  await store.setSetting(HASH_KEY, made);
  return made;
}

/** Hashes encryption-context values of this installation with a key given, from its next reading on. */
export async function useContextHashKey(store: StateStore, key: Uint8Array): Promise<void> {
  await store.setSetting(HASH_KEY, key);
}

/** The secret, where this installation has one already. */
export async function knownContextHashKey(store: StateStore): Promise<Uint8Array | undefined> {
  return store.setting(HASH_KEY);
}
