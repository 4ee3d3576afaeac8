import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { Item } from "./item.ts";
import type { UpdateInput } from "./table.ts";

/** An update that sets attributes and removes others. */
export function settingOf(
  attributes: Item,
  removed: readonly string[],
): Pick<
  UpdateInput,
  "UpdateExpression" | "ExpressionAttributeNames" | "ExpressionAttributeValues"
> {
  const names: Record<string, string> = {};
  const values: Record<string, AttributeValue> = {};
  const sets = Object.entries(attributes).map(([name, value]) => {
    names[`#${name}`] = name;
    values[`:${name}`] = value;
    return `#${name} = :${name}`;
  });
  for (const name of removed) names[`#${name}`] = name;
  const removals = removed.map((name) => `#${name}`);
  return {
    UpdateExpression:
      `SET ${sets.join(", ")}` + (removals.length > 0 ? ` REMOVE ${removals.join(", ")}` : ""),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}
