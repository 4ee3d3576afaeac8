import type { Alert } from "../../detection/alert.ts";
import {
  type AlertFilter,
  type AlertReader,
  type Commit,
  type KeptAlert,
  type Verdict,
  verdicts,
} from "../store.ts";
import { attribute, countIn, damaged, type Item, keyOf, numberIn, textIn } from "./item.ts";
import type { ItemReader } from "./item-reader.ts";
import {
  alertKey,
  alertTimeKey,
  alertTimesPartition,
  backwards,
  keyText,
  suppressionKey,
} from "./keys.ts";
import { inParallel } from "./parallel.ts";
import type { Preparation, StoreAccess } from "./store-access.ts";
import { setText, textOf } from "./text.ts";

/** The alerts of a table: one item each, and one by which they are found in the order of their times. */
export function alertItems(access: StoreAccess): AlertReader {
  return {
    async get(alertId) {
      const item = await access.items.get(alertKey(alertId));
      return item === undefined ? undefined : await keptAlert(access.items, item);
    },
    list: (filter) => list(access.items, filter),

    async close(alertId, { verdict, by, note, atMs }) {
      access.checkNotes();
      const answer = await access.table.update(alertKey(alertId), {
        UpdateExpression: "SET verdict = :verdict",
        ConditionExpression: "attribute_exists(eventMs)",
        ExpressionAttributeValues: {
          ":verdict": {
            M: {
              verdict: attribute.text(verdict),
              by: attribute.text(by),
              note: attribute.text(note),
              atMs: attribute.number(atMs),
            },
          },
        },
      });
      return answer !== undefined;
    },
  };
}

/** Keeps alerts as they stand now, but for what people made of them, and notes which were muted by which suppression. */
export async function keepAlerts(
  preparation: Preparation,
  {
    alerts,
    suppressed = new Map(),
    unmuted = new Set(),
  }: Pick<Commit, "alerts" | "suppressed" | "unmuted">,
): Promise<void> {
  const { changes, items, nowMs } = preparation;
  const ids = [...alerts.map(({ alertId }) => alertId), ...suppressed.keys(), ...unmuted];
  const found = await items.getMany(ids.map(alertKey));
  const known = new Map(found.map((item) => [keyText(keyOf(item)), item]));
  const kept = new Set(found.map((item) => keyText(keyOf(item))));
  for (const alert of new Map(alerts.map((alert) => [alert.alertId, alert])).values()) {
    const key = alertKey(alert.alertId);
    const eventMs = Date.parse(alert.eventTime);
    const before = known.get(keyText(key));
    if (before !== undefined && numberIn(before, "eventMs") !== eventMs) {
      const old = alertTimeKey(numberIn(before, "eventMs"), alert.alertId);
      changes.hide(old, nowMs, ["alertId", "detector", "score"]);
    }
    changes.set(key, alertAttributes(alert));
    setText(changes, key, JSON.stringify(alert));
    changes.set(alertTimeKey(eventMs, alert.alertId), timeAttributes(alert));
    kept.add(keyText(key));
  }
  for (const [alertId, suppressionId] of suppressed) {
    const key = alertKey(alertId);
    if (!kept.has(keyText(key))) continue;
    if (known.get(keyText(key))?.["suppressedBy"]?.S === suppressionId) continue;
    changes.set(key, { suppressedBy: attribute.text(suppressionId) });
    changes.add(suppressionKey(suppressionId), { hits: 1 });
    changes.only(suppressionKey(suppressionId), "match");
  }
  for (const alertId of unmuted) {
    const key = alertKey(alertId);
    const isMuted = known.get(keyText(key))?.["suppressedBy"] !== undefined;
    if (isMuted) changes.remove(key, ["suppressedBy"]);
  }
}

/** The attributes of an alert's item beside its text: what is looked at without opening it. */
export function alertAttributes(alert: Alert): Item {
  return {
    eventMs: attribute.number(Date.parse(alert.eventTime)),
    revision: attribute.number(alert.revision),
    status: attribute.text(alert.status),
    severity: attribute.text(alert.severity),
    title: attribute.text(alert.title),
  };
}

/** The attributes of the item that finds an alert by its time. */
export function timeAttributes({ alertId, detector, score }: Alert): Item {
  return {
    alertId: attribute.text(alertId),
    detector: attribute.text(detector),
    score: attribute.number(score),
  };
}

async function list(items: ItemReader, filter: AlertFilter): Promise<KeptAlert[]> {
  const { fromMs, toMs, status, limit = Number.POSITIVE_INFINITY } = filter;
  const listed: KeptAlert[] = [];
  const range = {
    pk: alertTimesPartition,
    from: toMs === undefined ? "0" : backwards(toMs - 1),
    to: fromMs === undefined ? "~" : `${backwards(fromMs)}~`,
    ...(limit < 500 ? { pageItems: limit + 50 } : {}),
  };
  for await (const page of items.pages(range)) {
    const wanted = page.filter((item) => matches(item, filter));
    for (const kept of await alertsAt(items, wanted)) {
      if (status === undefined || kept.alert.status === status) listed.push(kept);
    }
    if (listed.length >= limit) break;
  }
  return listed.slice(0, limit);
}

function matches(item: Item, { detector, minimumScore }: AlertFilter): boolean {
  return (
    (detector === undefined || textIn(item, "detector") === detector) &&
    (minimumScore === undefined || numberIn(item, "score") >= minimumScore)
  );
}

/** The alerts that are found by these times, in the same order. */
async function alertsAt(items: ItemReader, times: readonly Item[]): Promise<KeptAlert[]> {
  const found = await items.getMany(times.map((item) => alertKey(textIn(item, "alertId"))));
  const byKey = new Map(found.map((item) => [keyText(keyOf(item)), item]));
  const current = times.flatMap((time) => {
    const alertId = textIn(time, "alertId");
    const item = byKey.get(keyText(alertKey(alertId)));
    // An alert that moved to another time is found there; one that is just being written, a moment later.
    const isHere =
      item !== undefined && keyOf(time).sk === alertTimeKey(countIn(item, "eventMs"), alertId).sk;
    return isHere ? [item] : [];
  });
  return await inParallel(current, 16, (item) => keptAlert(items, item));
}

async function keptAlert(items: ItemReader, item: Item): Promise<KeptAlert> {
  const alert = parsedAlert(await textOf(items, item), item);
  const verdict = verdictIn(item);
  return {
    alert: verdict === undefined ? alert : { ...alert, status: "closed" },
    verdict,
    suppressedBy: item["suppressedBy"]?.S,
  };
}

/** The alert that a text holds. */
export function parsedAlert(text: string, item: Item): Alert {
  try {
    return JSON.parse(text) as Alert;
  } catch (error) {
    throw damaged("an alert is not JSON", item, error);
  }
}

function verdictIn(item: Item): Verdict | undefined {
  const kept = item["verdict"]?.M;
  const verdict = verdicts.find((known) => known === kept?.["verdict"]?.S);
  if (kept === undefined || verdict === undefined) return undefined;
  return {
    verdict,
    by: textIn(kept, "by"),
    note: textIn(kept, "note"),
    atMs: numberIn(kept, "atMs"),
  };
}
