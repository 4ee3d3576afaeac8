import { StoreError } from "../store.ts";
import type { Learner } from "../learner.ts";
import { attribute, textIn } from "./item.ts";
import type { ItemReader } from "./item-reader.ts";
import { learnerKey } from "./keys.ts";
import type { Table } from "./table.ts";

/**
 * Makes sure that a table is learned into by one shape only: two would count every event twice. Who comes first has it, until it
 * is handed over. Rejects with `StoreError` `locked` where the other one has it.
 */
export async function claimLearning(table: Table, learner: Learner, nowMs: number): Promise<void> {
  const update = noteOf(learner, nowMs);
  // The condition holds for an item that this very request wrote, whose first answer was lost.
  const known =
    (await table.get(learnerKey)) ??
    (await table.update(learnerKey, {
      ...update,
      ConditionExpression: "attribute_not_exists(learner) OR learner = :learner",
      ReturnValues: "ALL_NEW",
    })) ??
    (await table.get(learnerKey));
  if (known === undefined || textIn(known, "learner") === learner) return;
  const problem =
    `${spoken(textIn(known, "learner") as Learner)} here (since ${textIn(known, "since")}), and two ` +
    `would count every event twice. To go on from what is learned stop it, then: ` +
    `keyhawk baseline hand-over --to ${learner} --state ${table.place}`;
  throw new StoreError("locked", table.place, problem);
}

/** Hands a table over, whoever has it. */
export async function noteLearner(table: Table, learner: Learner, nowMs: number): Promise<void> {
  await table.update(learnerKey, noteOf(learner, nowMs));
}

/** Who learns into a table, undefined where nobody has begun. */
export async function learnerIn(items: ItemReader): Promise<Learner | undefined> {
  const item = await items.get(learnerKey);
  return item === undefined ? undefined : (textIn(item, "learner") as Learner);
}

function noteOf(learner: Learner, nowMs: number) {
  return {
    UpdateExpression: "SET learner = :learner, since = :since",
    ExpressionAttributeValues: {
      ":learner": attribute.text(learner),
      ":since": attribute.text(new Date(nowMs).toISOString()),
    },
  };
}

function spoken(learner: Learner): string {
  return learner === "run" ? "`keyhawk run` or `replay` learns" : "the Lambda functions learn";
}
