import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { StoreError } from "../store.ts";
import type { ItemKey } from "./keys.ts";

/** An item as DynamoDB has it. */
export type Item = Readonly<Record<string, AttributeValue>>;

/** An attribute value. Throws `TypeError` where it is not of the type that its name says, so that nothing damaged is written. */
export const attribute = {
  text(value: string): AttributeValue {
    if (typeof value !== "string") throw new TypeError(`expected a text, found ${typeof value}`);
    return { S: value };
  },
  number(value: number): AttributeValue {
    if (!Number.isFinite(value)) throw new TypeError(`expected a number, found ${value}`);
    return { N: String(value) };
  },
  bytes(value: Uint8Array): AttributeValue {
    return { B: value };
  },
};

/** The text in an attribute. Throws `StoreError` `corrupt` where it holds anything else, as the next functions do. */
export function textIn(item: Item, name: string): string {
  const text = item[name]?.S;
  if (text === undefined) throw damaged(`attribute ${name} holds no text`, item);
  return text;
}

export function numberIn(item: Item, name: string): number {
  const number = item[name]?.N;
  if (number === undefined) throw damaged(`attribute ${name} holds no number`, item);
  return Number(number);
}

export function bytesIn(item: Item, name: string): Uint8Array {
  const bytes = item[name]?.B;
  if (bytes === undefined) throw damaged(`attribute ${name} holds no bytes`, item);
  return bytes;
}

/** The number in an attribute, 0 where there is none. */
export function countIn(item: Item | undefined, name: string): number {
  return item?.[name] === undefined ? 0 : numberIn(item, name);
}

export function keyOf(item: Item): ItemKey {
  return { pk: textIn(item, "pk"), sk: textIn(item, "sk") };
}

export function keyItem({ pk, sk }: ItemKey): Record<string, AttributeValue> {
  return { pk: { S: pk }, sk: { S: sk } };
}

/** The error for content that only damage to the table can explain. */
export function damaged(problem: string, item: Item, cause?: unknown): StoreError {
  const place = `item ${item["pk"]?.S ?? "?"} / ${item["sk"]?.S ?? "?"}`;
  return new StoreError("corrupt", place, `damaged: ${problem}`, cause);
}
