import { trimAlert } from "../delivery/trimming.ts";
import type { Alert } from "../detection/alert.ts";
import type { EntityOutboxEntry } from "../store/entity-store.ts";
import type { Revision } from "./entity-state.ts";

/** The store's limit on an entry, less what is around the alert. */
const ALERT_BYTES = 63 * 1024;

/** A revision on its way out of an entity, made smaller where the store could not hold it. */
export function writeEntry(
  { alert, told, mutedBy, inTimeId }: Revision,
  queuedMs: number,
): EntityOutboxEntry {
  const fits = (one: Alert) => Buffer.byteLength(JSON.stringify(one)) <= ALERT_BYTES;
  const fitting = trimAlert(alert, fits) ?? alert;
  const text = JSON.stringify({ v: 1, alert: fitting, told, mutedBy, inTimeId });
  return { id: `${alert.alertId}.${alert.revision}`, text, queuedMs };
}

/** Reads an entry; undefined where it is none. */
export function readEntry({ text }: EntityOutboxEntry): Revision | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // Told by its absence: it becomes a dead letter.
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { v, alert, told, mutedBy, inTimeId } = value as { v?: unknown } & Partial<Revision>;
  if (v !== 1 || typeof alert?.alertId !== "string" || typeof told !== "boolean") return undefined;
  return { alert, told, mutedBy, inTimeId };
}
