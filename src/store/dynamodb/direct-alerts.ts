import type { Alert } from "../../detection/alert.ts";
import { alertAttributes, timeAttributes } from "./alert-items.ts";
import { hiddenAttribute } from "./change.ts";
import { attribute, countIn, keyOf, numberIn } from "./item.ts";
import { alertKey, alertTimeKey, keyText, suppressionKey } from "./keys.ts";
import { inParallel } from "./parallel.ts";
import { settingOf } from "./setting.ts";
import type { StoreAccess } from "./store-access.ts";
import { timeToLiveAttribute } from "./table-definition.ts";
import { partKeysOf, textAttributes, writeText } from "./text.ts";

/**
 * Keeps alerts without a log, for many writers at once: one of a lower revision than the kept one is left out, and one that
 * nothing mutes loses its mark. What fails half way is made whole by the same call again.
 */
export async function keepAlertsDirectly(
  access: StoreAccess,
  alerts: readonly Alert[],
  suppressed: ReadonlyMap<string, string>,
): Promise<void> {
  const found = await access.table.getMany(alerts.map(({ alertId }) => alertKey(alertId)));
  const known = new Map(found.map((item) => [keyText(keyOf(item)), item]));
  await inParallel(alerts, 8, async (alert) => {
    const before = known.get(keyText(alertKey(alert.alertId)));
    if (countIn(before, "revision") > alert.revision) return;
    const suppressionId = suppressed.get(alert.alertId);
    const isHit = suppressionId !== undefined && before?.["suppressedBy"]?.S !== suppressionId;
    if (isHit) await countHit(access, suppressionId, alert.alertId);
    await keep(access, alert, suppressionId);
    if (isHit) await forgetHit(access, suppressionId, alert.alertId);
  });
}

async function keep(
  { table }: StoreAccess,
  alert: Alert,
  suppressionId: string | undefined,
): Promise<void> {
  const key = alertKey(alert.alertId);
  const text = await writeText(table, key, JSON.stringify(alert));
  const attributes = {
    ...alertAttributes(alert),
    ...text,
    ...(suppressionId === undefined ? {} : { suppressedBy: attribute.text(suppressionId) }),
  };
  const optional = [...textAttributes, "suppressedBy"];
  const removed = optional.filter((name) => !(name in attributes));
  const before = await table.update(key, {
    ...settingOf(attributes, removed),
    ConditionExpression: "attribute_not_exists(revision) OR revision <= :revision",
    ReturnValues: "ALL_OLD",
  });
  if (before === undefined) {
    await table.deleteMany(partKeysOf(key, text));
    return;
  }
  const eventMs = Date.parse(alert.eventTime);
  const traces = [hiddenAttribute, timeToLiveAttribute];
  const time = alertTimeKey(eventMs, alert.alertId);
  await table.update(time, settingOf(timeAttributes(alert), traces));
  const oldMs = before["eventMs"] === undefined ? eventMs : numberIn(before, "eventMs");
  if (oldMs !== eventMs) await table.delete(alertTimeKey(oldMs, alert.alertId));
  // A request that was repeated sees what it wrote itself.
  const isOwn = before["partPrefix"]?.S === text["partPrefix"]?.S;
  if (!isOwn) await table.deleteMany(partKeysOf(key, before));
}

/** Counts a hit, unless it was counted by a call that did not come to its end. */
async function countHit({ table }: StoreAccess, suppressionId: string, alertId: string) {
  await table.update(suppressionKey(suppressionId), {
    UpdateExpression: "ADD hits :one, counted :alert",
    ConditionExpression: "attribute_exists(#match) AND NOT contains(counted, :id)",
    ExpressionAttributeNames: { "#match": "match" },
    ExpressionAttributeValues: {
      ":one": attribute.number(1),
      ":alert": { SS: [alertId] },
      ":id": attribute.text(alertId),
    },
  });
}

/** The alert itself says now that it was counted. */
async function forgetHit({ table }: StoreAccess, suppressionId: string, alertId: string) {
  await table.update(suppressionKey(suppressionId), {
    UpdateExpression: "DELETE counted :alert",
    ConditionExpression: "attribute_exists(#match)",
    ExpressionAttributeNames: { "#match": "match" },
    ExpressionAttributeValues: { ":alert": { SS: [alertId] } },
  });
}
