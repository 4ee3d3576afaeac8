import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { grantOf } from "../../../src/baseline/grant.ts";

const OWN = "111122223333";

describe("a grantee", () => {
  const forms: [string, string, string | undefined][] = [
    [`arn:aws:iam::${OWN}:role/app`, "role", OWN],
    [`arn:aws:sts::${OWN}:assumed-role/app/session`, "role", OWN],
    [`arn:aws:iam::${OWN}:user/ada`, "user", OWN],
    [`arn:aws-cn:iam::${OWN}:root`, "account", OWN],
    [OWN, "account", OWN],
    [
      `arn:aws:iam::${OWN}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX`,
      "service-role",
      OWN,
    ],
    [`${OWN}:aws:ec2-infrastructure:i-0abc`, "resource", OWN],
    ["rds.eu-west-1.amazonaws.com", "service", undefined],
    ["AWS Internal", "service", undefined],
    ["AIDAEXAMPLE", "id", undefined],
    ["*", "everybody", undefined],
  ];
  it.each(forms)("%s is a %s", (granteePrincipal, kind, accountId) => {
    expect(grantOf({ granteePrincipal })).toMatchObject({ grantee: granteePrincipal, kind });
    expect(grantOf({ granteePrincipal })?.accountId).toBe(accountId);
  });

  it("may be a service by its own field", () => {
    expect(grantOf({ granteeServicePrincipal: "x" })?.kind).toBe("service");
  });

  it("may be missing", () => {
    expect([undefined, {}, { granteePrincipal: "" }].map(grantOf)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("a grant", () => {
  const base = { granteePrincipal: "a", operations: ["Decrypt", "CreateGrant"] };
  const narrowed = { ...base, constraints: { encryptionContextSubset: { table: "t", row: "r" } } };

  it("says what it gives", () => {
    expect(grantOf(base)).toMatchObject({ regrants: true, decrypts: true, isConstrained: false });
    expect(grantOf({ ...base, operations: ["DescribeKey"] })).toMatchObject({
      regrants: false,
      decrypts: false,
    });
    expect(grantOf(narrowed)?.isConstrained).toBe(true);
    expect(grantOf({ ...base, constraints: { encryptionContextEquals: {} } })?.isConstrained).toBe(
      false,
    );
  });

  it("is the same in any order of its fields", () => {
    const turned = {
      constraints: { encryptionContextSubset: { row: "r", table: "t" } },
      operations: ["CreateGrant", "Decrypt"],
      granteePrincipal: "a",
      name: "retry",
    };
    expect(grantOf(turned)?.fingerprint).toBe(grantOf(narrowed)?.fingerprint);
  });

  it("is another with another grantee, right or constraint", () => {
    const others = [
      base,
      narrowed,
      { ...base, granteePrincipal: "b" },
      { ...base, operations: ["Decrypt"] },
      { ...base, constraints: { encryptionContextSubset: { table: "u" } } },
      { ...base, constraints: { encryptionContextEquals: { table: "u" } } },
    ];
    expect(new Set(others.map((one) => grantOf(one)?.fingerprint)).size).toBe(others.length);
  });

  it("is read however odd it is", () => {
    let deep: unknown = [];
    for (let depth = 0; depth < 20_000; depth += 1) deep = [deep];
    const odd = { ...base, operations: [{ toString: 1 }, deep], constraints: { a: deep } };
    expect(grantOf(odd)).toMatchObject({ grantee: "a", regrants: false });
  });

  it("shows no context value, and never throws", () => {
    expect(JSON.stringify(grantOf(narrowed))).not.toContain("table");
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (operations, constraints) => {
        expect(grantOf({ granteePrincipal: "a", operations, constraints })?.grantee).toBe("a");
      }),
    );
  });
});
