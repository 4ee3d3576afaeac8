import type { Alert } from "../../detection/alert.ts";
import type { ChangeSet } from "./change.ts";
import { attribute, type Item, keyOf } from "./item.ts";
import type { ItemKey } from "./keys.ts";
import { partKeysOf, setText, textAttributes } from "./text.ts";

/** An entry of the outbox where it was found. */
export interface Found {
  readonly sink: string;
  readonly id: number;
  readonly item: Item;
}

/** The attributes of an entry beside its alert. */
export const entryAttributes = [
  "alertId",
  "revision",
  "attempts",
  "queuedMs",
  "nextMs",
  "error",
  ...textAttributes,
];

/** Takes an entry out of sight, with the parts of its alert. */
export function hideFound(changes: ChangeSet, { item }: Found, nowMs: number): void {
  changes.hide(keyOf(item), nowMs, entryAttributes);
  for (const key of partKeysOf(keyOf(item), item)) changes.hide(key, nowMs, ["body", "of"]);
}

/** Says whose an entry is, which its trace still does: `ALERT_ID/REVISION`, where it was queued without a log. */
export const entryMark = "entry";

/** An alert as a new entry. */
export function setEntry(changes: ChangeSet, key: ItemKey, alert: Alert, queuedMs: number): void {
  changes.set(key, {
    alertId: attribute.text(alert.alertId),
    revision: attribute.number(alert.revision),
    attempts: attribute.number(0),
    queuedMs: attribute.number(queuedMs),
    nextMs: attribute.number(0),
  });
  setText(changes, key, JSON.stringify(alert));
}
