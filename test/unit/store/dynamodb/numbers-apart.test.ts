import fc from "fast-check";
import { expect, test } from "vitest";
import { numbersApart, numbersBack } from "../../../../src/store/dynamodb/numbers-apart.ts";

test("lists of numbers come after the names", () => {
  const text = JSON.stringify({ cells: [0, -1.5, 2], day: 20_496, name: "a, 7", met: { k: [1] } });
  expect(numbersApart(text)).toBe(
    '{"cells":[\u0001],"day":\u0001,"name":"a, 7","met":{"k":[\u0001]}}\u00020,-1.5,2;20496;1',
  );
});

const marks = ["\u0001", "\u0002", "\u0003", ",", "[", "]", ":", ";", "1", "-0.5", "1e-7"];

test.for([
  ["any JSON", fc.json()],
  ["any text", fc.string()],
  ["whatever looks like one taken apart", fc.string({ unit: fc.constantFrom(...marks) })],
] as const)("%s comes back", ([, texts]) => {
  fc.assert(
    fc.property(texts, (text) => {
      expect(numbersBack(numbersApart(text))).toBe(text);
    }),
  );
});

test.for(["no end", "\u0001\u0002", "\u0001\u0001\u00021", "\u0001\u00021;2", "\u00021"])(
  "a text that nobody took apart is refused: %j",
  (text) => {
    expect(() => numbersBack(text)).toThrow(RangeError);
  },
);
