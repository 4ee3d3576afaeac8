import { mergeSpoken, type SpokenHours } from "../../baseline/spoken-hours.ts";
import { entityName } from "../../detection/routing.ts";
import { WHOLE } from "../../detection/silence.ts";
import { keyOf, numberIn, textIn } from "./item.ts";
import { type ItemReader, itemsIn } from "./item-reader.ts";
import {
  accountsPartition,
  alertTimesPartition,
  engineKey,
  heardKey,
  memoryKey,
  watermarksPartition,
} from "./keys.ts";
import { entityIn } from "./memory-items.ts";
import type { Table } from "./table.ts";
import { closingIndex, closingValue } from "./table-definition.ts";
import { textOf } from "./text.ts";

/*
 * What all entities share lies in one state of the engine where a consumer learns, and in items of their own where the handlers
 * do. Here each face reads that of the other.
 */

/** Whether the handlers have left anything to read in a table where no consumer ever was. */
export async function hasHandlerState(table: Table): Promise<boolean> {
  for (const pk of [watermarksPartition, alertTimesPartition]) {
    for await (const page of table.pages({ pk, pageItems: 1 })) {
      if (page.length > 0) return true;
    }
  }
  return false;
}

/**
 * The state of an engine that would go on where the handlers are, and of what a consumer had learned before them; undefined
 * before anybody saw an event.
 */
export async function engineStateOfHandlers(
  table: Table,
  items: ItemReader,
): Promise<string | undefined> {
  const before = await stateOfConsumer(items);
  const times = [await watermarkOf(items), before.watermarkMs].filter((ms) => ms !== undefined);
  if (times.length === 0) return undefined;
  const accounts: Record<string, number> = {};
  const aliases: Record<string, Record<string, number>> = {};
  for (const [name, hour] of await learnedAccounts(items)) {
    const [first = "", aliasArn] = name.split(" ");
    if (aliasArn === undefined) accounts[first] = hour;
    else aliases[first] = { ...aliases[first], [aliasArn]: hour };
  }
  const range = { value: closingValue, most: Number.MAX_SAFE_INTEGER, limit: 1_000_000 };
  const open = (await table.indexed(closingIndex, range)).map(entityIn);
  const isMemory = (name: string) => /^(?:principal|key|account):/.test(name);
  const wholeItem = await items.get(memoryKey(entityName("account", WHOLE)));
  const whole = wholeItem === undefined ? before.silence?.whole : await textOf(items, wholeItem);
  return JSON.stringify({
    ...before,
    watermarkMs: Math.max(...times),
    accounts,
    aliases,
    open: [...new Set([...open.filter(isMemory), ...(before.open ?? [])])].sort(),
    silence: { spoken: await heardHours(items), whole },
  });
}

/** First hours of accounts, and of pairs of key and alias, whoever learned them. */
export async function learnedAccounts(items: ItemReader): Promise<Map<string, number>> {
  const [noted, learned] = await Promise.all([notedAccounts(items), accountsOfConsumer(items)]);
  for (const [name, hour] of learned) noted.set(name, Math.min(hour, noted.get(name) ?? hour));
  return noted;
}

/** The hours in which anybody was heard, by whomever. */
export async function heardHours(items: ItemReader): Promise<SpokenHours> {
  const [noted, { silence }] = await Promise.all([notedHours(items), stateOfConsumer(items)]);
  return mergeSpoken(noted, silence?.spoken ?? []);
}

/** The memory of the organization as a whole that a consumer left. */
export async function wholeOfConsumer(items: ItemReader): Promise<string | undefined> {
  return (await stateOfConsumer(items)).silence?.whole;
}

/** Newest event time that a consumer had seen. */
export async function watermarkOfConsumer(items: ItemReader): Promise<number | undefined> {
  return (await stateOfConsumer(items)).watermarkMs;
}

async function accountsOfConsumer(items: ItemReader): Promise<Map<string, number>> {
  const { accounts = {}, aliases = {} } = await stateOfConsumer(items);
  const pairs = Object.entries(aliases).flatMap(([keyArn, own]) =>
    Object.entries(own).map(([aliasArn, hour]) => [`${keyArn} ${aliasArn}`, hour] as const),
  );
  return new Map([...Object.entries(accounts), ...pairs]);
}

/** The hours in which the handlers heard anybody. */
export async function notedHours(items: ItemReader): Promise<SpokenHours> {
  const item = await items.get(heardKey);
  return item === undefined ? [] : (JSON.parse(textIn(item, "hours")) as SpokenHours);
}

/** What of a consumer's state the handlers ask for; empty where no consumer ever was. */
async function stateOfConsumer(items: ItemReader): Promise<ConsumerState> {
  const item = await items.get(engineKey);
  return item === undefined ? {} : (JSON.parse(await textOf(items, item)) as ConsumerState);
}

interface ConsumerState {
  readonly watermarkMs?: number;
  readonly open?: readonly string[];
  readonly accounts?: Record<string, number>;
  readonly aliases?: Record<string, Record<string, number>>;
  readonly silence?: { readonly spoken: SpokenHours; readonly whole?: string };
}

/** Newest event time that the handlers committed. */
export async function watermarkOf(items: ItemReader): Promise<number | undefined> {
  const lanes = await itemsIn(items, { pk: watermarksPartition });
  const times = lanes.map((item) => numberIn(item, "ms"));
  return times.length === 0 ? undefined : Math.max(...times);
}

/** First hours that the handlers noted, by account, or by key and alias. */
async function notedAccounts(items: ItemReader): Promise<Map<string, number>> {
  const noted = await itemsIn(items, { pk: accountsPartition });
  return new Map(noted.map((item) => [keyOf(item).sk, numberIn(item, "firstHour")]));
}
