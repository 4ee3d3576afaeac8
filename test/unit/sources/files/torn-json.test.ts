import { expect, it } from "vitest";
import { closeTornJson } from "../../../../src/sources/files/torn-json.ts";

it.each([
  [
    "a list of an envelope",
    '{"Records":[{"a":1},{"b":{"c":[{}]}},{"d"',
    '{"Records":[{"a":1},{"b":{"c":[{}]}}]}',
  ],
  ["an array", '[{"a":1},{"b":[{"c":1}', '[{"a":1}]'],
  ["lines", '{"a":[{}]}\n{"b":2}\n{"c":[{"d":1}],', '{"a":[{}]}\n{"b":2}'],
  [
    "brackets and quotes in strings",
    '[{"a":"\\"}]"},{"b":"\\\\"},{"c":"}',
    '[{"a":"\\"}]"},{"b":"\\\\"}]',
  ],
  ["spaces before the list", '{ "logEvents" : [ {"a":1} , {', '{ "logEvents" : [ {"a":1}]}'],
  ["a record whose own list is closed", '{"eventID":"1","resources":[{"ARN":"a"}],"ev', ""],
  ["no whole element", '{"Records":[{"a":', ""],
  ["nothing", "", ""],
])("%s", (_, torn, closed) => {
  expect(Buffer.from(closeTornJson(Buffer.from(torn))).toString()).toBe(closed);
});
