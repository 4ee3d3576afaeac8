import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { attribute, type Item, numberIn } from "./item.ts";
import { type ItemKey, keyText } from "./keys.ts";
import type { UpdateInput } from "./table.ts";
import { timeToLiveAttribute } from "./table-definition.ts";

/** What a commit does to one item. It is applied once at most: the item keeps the number of the last commit that changed it. */
export interface Change {
  readonly key: ItemKey;
  readonly set: Record<string, AttributeValue>;
  /** Added to numbers, which count from 0. */
  readonly add: Record<string, number>;
  readonly remove: Set<string>;
  /** Nothing is done unless the item has this attribute. */
  only: string | undefined;
}

/** The attribute of an item that holds the number of the last commit that changed it. */
export const commitAttribute = "c";

/** The changes of one commit, one for each item. */
export class ChangeSet {
  readonly #changes = new Map<string, Change>();

  get all(): Change[] {
    return [...this.#changes.values()];
  }

  /** Sets attributes; the item need not exist. */
  set(key: ItemKey, attributes: Item): void {
    const change = this.#changeOf(key);
    for (const [name, value] of Object.entries(attributes)) {
      change.set[name] = value;
      change.remove.delete(name);
    }
  }

  add(key: ItemKey, counts: Readonly<Record<string, number>>): void {
    const { add } = this.#changeOf(key);
    for (const [name, count] of Object.entries(counts)) add[name] = (add[name] ?? 0) + count;
  }

  remove(key: ItemKey, names: readonly string[]): void {
    const change = this.#changeOf(key);
    for (const name of names) {
      change.remove.add(name);
      delete change.set[name];
    }
  }

  /** The change of that item happens only where the item has the attribute. */
  only(key: ItemKey, attributeName: string): void {
    this.#changeOf(key).only = attributeName;
  }

  /**
   * Takes an item out of sight. It leaves a trace for a day, or a request of this commit that arrives late, from a process
   * that was long asleep, would bring it back. DynamoDB refuses requests that were signed minutes ago.
   */
  hide(key: ItemKey, nowMs: number, contents: readonly string[]): void {
    this.remove(key, contents);
    this.set(key, {
      [hiddenAttribute]: attribute.number(nowMs),
      [timeToLiveAttribute]: attribute.number(Math.ceil((nowMs + dayMs) / 1000)),
    });
  }

  #changeOf(key: ItemKey): Change {
    const text = keyText(key);
    const known = this.#changes.get(text);
    if (known !== undefined) return known;
    const change: Change = { key, set: {}, add: {}, remove: new Set(), only: undefined };
    this.#changes.set(text, change);
    return change;
  }
}

/** When an item was taken out of sight, milliseconds. */
export const hiddenAttribute = "hidden";

const dayMs = 86_400_000;

export function isHidden(item: Item): boolean {
  return item[hiddenAttribute] !== undefined;
}

/** The request that makes a change as part of commit `seq`, unless it or a later one was made already. */
export function updateOf(change: Change, seq: number): UpdateInput {
  const names: Record<string, string> = { "#c": commitAttribute };
  const values: Record<string, AttributeValue> = { ":c": attribute.number(seq) };
  const sets = ["#c = :c"];
  const adds: string[] = [];
  const removals: string[] = [];
  let count = 0;
  const alias = (name: string) => {
    names[`#${count}`] = name;
    return count++;
  };
  for (const [name, value] of Object.entries(change.set)) {
    const index = alias(name);
    values[`:${index}`] = value;
    sets.push(`#${index} = :${index}`);
  }
  for (const [name, value] of Object.entries(change.add)) {
    const index = alias(name);
    values[`:${index}`] = attribute.number(value);
    adds.push(`#${index} :${index}`);
  }
  for (const name of removalsOf(change)) removals.push(`#${alias(name)}`);
  let condition = "(attribute_not_exists(#c) OR #c < :c)";
  if (change.only !== undefined) condition += ` AND attribute_exists(#${alias(change.only)})`;
  return {
    UpdateExpression: [
      `SET ${sets.join(", ")}`,
      ...(adds.length > 0 ? [`ADD ${adds.join(", ")}`] : []),
      ...(removals.length > 0 ? [`REMOVE ${removals.join(", ")}`] : []),
    ].join(" "),
    ConditionExpression: condition,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}

/** A change as a value in the log. */
export function loggedChange({ key, set, add, remove, only }: Change): AttributeValue {
  const numbers = Object.entries(add).map(([name, value]) => [name, attribute.number(value)]);
  return {
    M: {
      p: { S: key.pk },
      s: { S: key.sk },
      set: { M: set },
      ...(numbers.length > 0 ? { add: { M: Object.fromEntries(numbers) } } : {}),
      ...(remove.size > 0 ? { remove: { L: [...remove].map((name) => ({ S: name })) } } : {}),
      ...(only === undefined ? {} : { only: { S: only } }),
    },
  };
}

/** The change that `loggedChange` wrote. */
export function changeOf(value: AttributeValue): Change {
  const { p, s, set, add, remove, only } = value.M ?? {};
  const numbers = add?.M ?? {};
  return {
    key: { pk: p?.S ?? "", sk: s?.S ?? "" },
    set: set?.M ?? {},
    add: Object.fromEntries(Object.keys(numbers).map((name) => [name, numberIn(numbers, name)])),
    remove: new Set(remove?.L?.map(({ S }) => S ?? "") ?? []),
    only: only?.S,
  };
}

/** An item that is written is in sight and stays, unless the change says otherwise. */
function removalsOf({ set, add, remove }: Change): Set<string> {
  const names = new Set([...remove, hiddenAttribute, timeToLiveAttribute]);
  for (const name of [...Object.keys(set), ...Object.keys(add)]) names.delete(name);
  return names;
}
