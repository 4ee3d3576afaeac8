import { describe, expect, it } from "vitest";
import { type Mute, muteOf } from "../../../src/detection/suppression.ts";
import { alertOf } from "../../support/commits.ts";

const alert = alertOf({ alertId: "a1", eventTime: "2026-03-14T02:11:09Z" });
const at = Date.parse(alert.eventTime);
const role = "arn:aws:iam::111122223333:role/app";

describe("a suppression", () => {
  it.each<[string, Mute["match"], boolean]>([
    ["by the detector", { detector: "decrypt-spike" }, true],
    ["by another detector", { detector: "decrypt-spik" }, false],
    ["by the principal", { principal: role }, true],
    ["by the beginning of a principal only", { principal: "arn:aws:iam::111122223333" }, false],
    ["by a pattern at the end", { principal: "arn:aws:iam::111122223333:*" }, true],
    ["by a pattern at the start", { principal: "*role/app" }, true],
    ["by a pattern in the middle", { principal: "arn:*:role/app" }, true],
    ["by several patterns in order", { principal: "arn:*iam*role/*p" }, true],
    ["by patterns in the wrong order", { principal: "arn:*role*iam*" }, false],
    [
      "by patterns that would have to overlap",
      { principal: "arn:aws:iam::111122223333:role/app*app" },
      false,
    ],
    ["by a star that stands for nothing", { principal: `${role}*` }, true],
    ["by a dot, which is no pattern", { detector: "decrypt.spike" }, false],
    ["by a pattern that is longer than the value", { detector: "*decrypt-spike-and-more" }, false],
    ["by account", { account: "111122223333" }, true],
    ["by key", { key: "arn:aws:kms:*" }, true],
    ["by two that both match", { detector: "decrypt-*", account: "111122223333" }, true],
    [
      "by two of which one does not match",
      { detector: "decrypt-*", account: "999988887777" },
      false,
    ],
    ["by nothing, never", {}, false],
  ])("mutes %s: %o", (_name, match, isMuted) => {
    const found = muteOf(alert, [{ id: "s1", match, expiresMs: at + 1 }]);
    expect(found?.id).toBe(isMuted ? "s1" : undefined);
  });

  it("does not mute an alert without the part it asks for", () => {
    const bare = alertOf({ principal: null, kmsKey: null, accountId: null });
    for (const name of ["principal", "key", "account"] as const) {
      const match = { [name]: "*" };
      expect(muteOf(bare, [{ id: "s1", match, expiresMs: at + 1 }])).toBeUndefined();
    }
  });

  it("ends at its expiry, by the alert's event time", () => {
    const match = { detector: "decrypt-spike" };
    expect(muteOf(alert, [{ id: "s1", match, expiresMs: at + 1 }])?.id).toBe("s1");
    expect(muteOf(alert, [{ id: "s1", match, expiresMs: at }])).toBeUndefined();
  });

  it("is named by the first that mutes", () => {
    const suppressions = [
      { id: "expired", match: { detector: "*" }, expiresMs: at },
      { id: "first", match: { detector: "*" }, expiresMs: at + 1 },
      { id: "second", match: { detector: "*" }, expiresMs: at + 1 },
    ];
    expect(muteOf(alert, suppressions)?.id).toBe("first");
  });
});
