import type { KmsEvent } from "../cloudtrail/event.ts";
import type { Declarations, OwnUse } from "./declarations.ts";

/**
 * Tells Keyhawk's own calls: its role, on its key, under its encryption context, exactly. The same role on another key, another
 * context, or doing anything but encrypt and decrypt there, is watched like everybody: an intruder may hold that role.
 */
export class OwnUses {
  readonly #uses = new Map<string, OwnUse[]>();

  constructor(declarations: Pick<Declarations, "self"> | undefined) {
    for (const use of declarations?.self ?? []) {
      const known = this.#uses.get(use.principal);
      if (known === undefined) this.#uses.set(use.principal, [use]);
      else known.push(use);
    }
  }

  /** Whether an event is one of the declared uses; only calls that succeeded are. */
  includes(event: KmsEvent): boolean {
    if (this.#uses.size === 0) return false;
    const uses = this.#uses.get(event.principal.key);
    if (uses === undefined || event.error !== undefined) return false;
    const { operation } = event;
    if (operation !== "decrypt" && operation !== "dataKey" && operation !== "encrypt") return false;
    return uses.some((use) => isUse(use, event));
  }
}

function isUse({ key, context }: OwnUse, event: KmsEvent): boolean {
  if (event.keys.length === 0 || event.keys.some(({ arn }) => arn !== key)) return false;
  if (context === undefined) return true;
  if (event.context === undefined) return false;
  const { keys, fingerprint } = context;
  if (fingerprint !== undefined && fingerprint !== event.context.fingerprint) return false;
  if (keys === undefined) return true;
  const sorted = [...new Set(keys)].sort();
  return (
    sorted.length === event.context.keys.length &&
    sorted.every((name, index) => name === event.context?.keys[index])
  );
}
