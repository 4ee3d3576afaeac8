import { describe, expect, it } from "vitest";
import { selectsKey, selectsPrincipal } from "../../../src/detection/pattern.ts";

const id = "0b6f4a8e-1111-4c2d-9a3b-2f6d5e7c8b90";
const key = `arn:aws:kms:eu-west-1:111122223333:key/${id}`;
const alias = "arn:aws:kms:eu-west-1:111122223333:alias/payments/card";

describe("a key selector", () => {
  it.each<[string, string, boolean]>([
    ["the key's ARN", key, true],
    ["another key's ARN", key.replace("8b90", "8b91"), false],
    ["a pattern of ARNs", "arn:aws:kms:*:111122223333:key/*", true],
    ["a pattern of another account", "arn:aws:kms:*:444455556666:key/*", false],
    ["its id", id, true],
    ["the start of its id", id.slice(0, 8), false],
    ["its account", "111122223333", true],
    ["another account", "444455556666", false],
    ["its alias", "alias/payments/card", true],
    ["a pattern of its alias", "alias/payments/*", true],
    ["another alias", "alias/payments", false],
    ["its alias's ARN", alias, true],
    ["an alias of that name in another account", alias.replace("1111", "4444"), false],
  ])("means %s: %s → %o", (_claim, selector, isMeant) => {
    expect(selectsKey(selector, key, [alias])).toBe(isMeant);
  });

  it("of an alias means nothing until the alias is known", () => {
    expect(selectsKey("alias/payments/card", key, [])).toBe(false);
  });
});

describe("a principal pattern", () => {
  const role = "arn:aws:iam::111122223333:role/AWSReservedSSO_Admin_1";
  it.each([
    [role, true],
    [`${role}#ada`, true],
    [`${role}#bo`, false],
    ["arn:aws:iam::*:role/AWSReservedSSO_*", true],
    ["arn:aws:iam::*:role/AWSReservedSSO", false],
  ])("%s: %o", (pattern, isMeant) => {
    expect(selectsPrincipal([pattern], { key: role, entity: `${role}#ada` })).toBe(isMeant);
  });
});
