import type { Acceptance } from "../../detection/suppression.ts";
import type { Suppression, SuppressionTable } from "../store.ts";
import { attribute, countIn, damaged, type Item, numberIn, textIn } from "./item.ts";
import { itemsIn } from "./item-reader.ts";
import { suppressionKey, suppressionsPartition } from "./keys.ts";
import { settingOf } from "./setting.ts";
import type { StoreAccess } from "./store-access.ts";

export function suppressionItems(access: StoreAccess): SuppressionTable {
  return {
    async list() {
      const items = await itemsIn(access.items, { pk: suppressionsPartition });
      return items
        .map(suppressionOf)
        .toSorted((one, other) => one.createdMs - other.createdMs || (one.id < other.id ? -1 : 1));
    },

    async add({ id, match, owner, reason, expiresMs, createdMs, acceptance }) {
      access.checkNotes();
      const patterns = Object.entries(match).filter((entry) => entry[1] !== undefined);
      if (patterns.length === 0) {
        throw new RangeError(
          `suppression ${id}: needs a detector, principal, key or account to match`,
        );
      }
      const patternItem = Object.fromEntries(
        patterns.map(([name, pattern]) => [name, attribute.text(pattern ?? "")]),
      );
      const attributes = {
        id: attribute.text(id),
        match: { M: patternItem },
        owner: attribute.text(owner),
        reason: attribute.text(reason),
        expiresMs: attribute.number(expiresMs),
        createdMs: attribute.number(createdMs),
        ...(acceptance === undefined
          ? {}
          : { acceptance: attribute.text(JSON.stringify(acceptance)) }),
      };
      // The hits stay.
      const removed = acceptance === undefined ? ["acceptance"] : [];
      await access.table.update(suppressionKey(id), settingOf(attributes, removed));
    },

    async remove(id) {
      access.checkNotes();
      const key = suppressionKey(id);
      const known = await access.table.get(key);
      await access.table.delete(key);
      return known !== undefined;
    },
  };
}

function suppressionOf(item: Item): Suppression {
  const match = item["match"]?.M ?? {};
  return {
    id: textIn(item, "id"),
    match: {
      detector: match["detector"]?.S,
      principal: match["principal"]?.S,
      key: match["key"]?.S,
      account: match["account"]?.S,
    },
    owner: textIn(item, "owner"),
    reason: textIn(item, "reason"),
    expiresMs: numberIn(item, "expiresMs"),
    createdMs: numberIn(item, "createdMs"),
    hits: countIn(item, "hits"),
    ...acceptanceOf(item),
  };
}

/** Kept as JSON text, as the other driver keeps it. */
function acceptanceOf(item: Item): Pick<Suppression, "acceptance"> {
  if (item["acceptance"] === undefined) return {};
  try {
    return { acceptance: JSON.parse(textIn(item, "acceptance")) as Acceptance };
  } catch (error) {
    throw damaged("an acceptance is not JSON", item, error);
  }
}
