import { describe, expect, it } from "vitest";
import type { KmsEvent } from "../../../src/cloudtrail/event.ts";
import type { OwnUse } from "../../../src/detection/declarations.ts";
import { OwnUses } from "../../../src/detection/own-uses.ts";
import { detect } from "../../support/detection.ts";
import {
  context,
  event,
  hours,
  inHour,
  KEY,
  key,
  keyArn,
  principal,
} from "../../support/events.ts";
import { nothingDeclared } from "../../../src/detection/declarations.ts";

const role = principal("keyhawk");
const own = { principal: role, context: context("aws:kinesis:arn", 1) };
const use: OwnUse = { principal: role.key, key: KEY };
const withContext: OwnUse = { ...use, context: { keys: ["aws:kinesis:arn"] } };
const denied = { code: "AccessDenied", class: "denied" } as const;

describe("Keyhawk's own use of a key", () => {
  it.each<[string, OwnUse, Partial<KmsEvent>, boolean]>([
    ["its role on its key", use, {}, true],
    ["its role on another key", use, { keys: [key(keyArn(2))] }, false],
    ["its role on its key and another", use, { keys: [key(KEY), key(keyArn(2))] }, false],
    ["its role on no key", use, { keys: [] }, false],
    ["another role on its key", use, { principal: principal("app") }, false],
    ["a call that is refused", use, { error: denied }, false],
    ["an administration of its key", use, { operation: "admin", name: "PutKeyPolicy" }, false],
    ["a re-encryption", use, { operation: "reEncrypt", name: "ReEncrypt" }, false],
    ["its context", withContext, {}, true],
    ["another context", withContext, { context: context("PARAMETER_ARN", 1) }, false],
    ["no context where one is declared", withContext, { context: undefined }, false],
    [
      "a context of more names",
      withContext,
      {
        context: {
          keys: ["aws:kinesis:arn", "x"],
          fingerprint: "0".repeat(16),
          place: undefined,
        },
      },
      false,
    ],
    ["its fingerprint", { ...use, context: { fingerprint: own.context.fingerprint } }, {}, true],
    ["another fingerprint", { ...use, context: { fingerprint: "0".repeat(16) } }, {}, false],
  ])("%s: %o", (_claim, declared, changes, isOwn) => {
    const uses = new OwnUses({ self: [declared] });
    expect(uses.includes(event({ ...own, ...changes }))).toBe(isOwn);
  });

  it("is counted once for all copies, remembered of nobody, and the same role elsewhere alarms", () => {
    const other = keyArn(5);
    const habit = hours(0, 24 * 20).flatMap((hour) => [
      ...inHour(hour, 1, own),
      ...inHour(hour, 3, { keys: [key(other)] }),
    ]);
    const misuse = inHour(24 * 20 + 3, 4, { ...own, keys: [key(other)] });
    const found = detect([[...habit, ...habit.slice(0, 4), ...misuse]], {
      organization: {
        accounts: [],
        approvedForeignAccounts: [],
        declarations: { ...nothingDeclared, self: [withContext] },
      },
    });
    expect(found.self).toBe(24 * 20);
    expect([...found.memories.keys()]).not.toContain(`key:${KEY}`);
    const alarms = [...found.last.values()].filter(({ principal }) => principal?.key === role.key);
    expect(alarms.map(({ detector, kmsKey }) => [detector, kmsKey?.arn])).toContainEqual([
      "unexpected-principal",
      other,
    ]);
  });
});
