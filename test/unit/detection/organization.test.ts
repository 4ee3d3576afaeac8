import { describe, expect, it } from "vitest";
import { LearnedOrganization } from "../../../src/detection/organization.ts";

const OURS = "111122223333";
const OTHER = "999988887777";
const nothing = { accounts: [], approvedForeignAccounts: [] };

describe("the organization", () => {
  it("is what the configuration lists, and nothing that was seen", () => {
    const organization = new LearnedOrganization({ ...nothing, accounts: [OURS] }, { [OTHER]: 1 });
    organization.see(OTHER, 1);
    expect(organization.declared).toBe(true);
    expect(organization.isOurs(OURS, -1)).toBe(true);
    expect(organization.isOurs(OTHER, 1000)).toBe(false);
  });

  it("is what trails arrive from, where nothing is listed, from the hour they were known by", () => {
    const organization = new LearnedOrganization(nothing, {});
    organization.see(OURS, 7);
    expect(organization.declared).toBe(false);
    expect([6, 7, 8].map((knownBy) => organization.isOurs(OURS, knownBy))).toEqual([
      false,
      true,
      true,
    ]);
    expect(organization.isOurs(OTHER, 8)).toBe(false);
  });

  it("knows an account since its earliest hour, whichever came first", () => {
    const organization = new LearnedOrganization(nothing, {});
    for (const hour of [9, 7, 8]) organization.see(OURS, hour);
    expect(organization.seen()).toEqual({ [OURS]: 7 });
    expect(organization.size).toBe(1);
  });

  it("goes on from what it has written", () => {
    const before = new LearnedOrganization(nothing, {});
    before.see(OURS, 7);
    const after = new LearnedOrganization(nothing, before.seen());
    expect(after.isOurs(OURS, 7)).toBe(true);
    expect(after.seen()).toEqual(before.seen());
  });

  it("approves foreign accounts until their expiry, or for good", () => {
    const organization = new LearnedOrganization(
      {
        accounts: [OURS],
        approvedForeignAccounts: [
          { account: OTHER, expiresMs: 1000 },
          { account: "222233334444", expiresMs: undefined },
        ],
      },
      {},
    );
    expect(organization.isApproved(OTHER, 999)).toBe(true);
    expect(organization.isApproved(OTHER, 1000)).toBe(false);
    expect(organization.isApproved("222233334444", Number.MAX_SAFE_INTEGER)).toBe(true);
    expect(organization.isApproved(OURS, 0)).toBe(false);
  });
});
