import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { packed } from "../../../../src/store/dynamodb/text.ts";
import { textDictionary } from "../../../../src/store/dynamodb/text-dictionary.ts";

test("the dictionary is the one that tables were written with", () => {
  const digest = createHash("sha256").update(textDictionary()).digest("hex");
  expect(digest).toBe("d83b83e0d2f8862b21347ea36a587b1834bf2eaffe936900438eb3ffe7047ff1");
});

test("names of a memory cost next to nothing", () => {
  const rate = { born: 491_009, active: 107, sum: 36.859, weight: 326.8163, cells: [1.79, 0.77] };
  const rest = { weekdays: 10.1, weekends: 4.3, excess: 6.6, squares: 7.2, peak: 2.9 };
  const text = JSON.stringify({ secrets: { ...rate, ...rest }, objects: { ...rate, ...rest } });
  expect((packed(text).B?.length ?? Infinity) / text.length).toBeLessThan(0.5);
});
