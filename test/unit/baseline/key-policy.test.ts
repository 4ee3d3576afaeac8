import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  accountOfPrincipal,
  defaultPolicy,
  familyOfPrincipal,
  hasOwnAdministrator,
  summarizePolicy,
} from "../../../src/baseline/key-policy.ts";
import { policyChanges } from "../../../src/baseline/policy-difference.ts";

const OWN = "111122223333";
const OTHER = "999988887777";
const ROLE = `arn:aws:iam::${OWN}:role/app`;

/** What one statement allows, as summarised. */
function allows(statement: object) {
  return summarizePolicy({ Statement: { Effect: "Allow", Resource: "*", ...statement } })?.allows;
}

describe("a key policy's principals", () => {
  const forms: [string, unknown, string[]][] = [
    ["everybody", "*", ["*"]],
    ["everybody, under AWS", { AWS: "*" }, ["*"]],
    ["an account's number", { AWS: OTHER }, [`account:${OTHER}`]],
    ["an account's root", { AWS: `arn:aws:iam::${OTHER}:root` }, [`account:${OTHER}`]],
    ["a root in another partition", { AWS: `arn:aws-cn:iam::${OWN}:root` }, [`account:${OWN}`]],
    ["several", { AWS: [ROLE, OTHER] }, [`account:${OTHER}`, ROLE]],
    ["a service", { Service: "logs.amazonaws.com" }, ["service:logs.amazonaws.com"]],
    ["a deleted principal's id", { AWS: "AROAEXAMPLE" }, ["id:AROAEXAMPLE"]],
    ["a federated one", { Federated: "accounts.example" }, ["federated:accounts.example"]],
    ["none", {}, []],
    ["nonsense", 7, []],
  ];
  it.each(forms)("%s", (_name, Principal, names) => {
    expect(allows({ Principal, Action: "kms:Decrypt" })?.map(([who]) => who)).toEqual(names);
  });

  it("belong to accounts, where they do", () => {
    expect([`account:${OWN}`, ROLE, "*", "service:a", "id:AROA"].map(accountOfPrincipal)).toEqual([
      OWN,
      OWN,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("share a family where a generator appended to the name", () => {
    expect(familyOfPrincipal(`${ROLE}-pr-12`)).toBe(ROLE);
    expect(familyOfPrincipal(`account:${OWN}`)).toBe(`account:${OWN}`);
  });
});

describe("a key policy's rights", () => {
  const actions: [unknown, number[]][] = [
    ["kms:*", [3, 3, 3]],
    ["*", [3, 3, 3]],
    ["KMS:decrypt", [3, 0, 0]],
    [
      ["kms:GenerateDataKey*", "kms:Put*"],
      [3, 0, 3],
    ],
    ["kms:Create?rant", [0, 3, 0]],
    ["kms:*Grant", [0, 3, 0]],
    ["kms:Describe*", [0, 0, 0]],
    ["s3:*", [0, 0, 0]],
    ["kms:Decrypt*Now", [0, 0, 0]],
  ];
  it.each(actions)("%j", (Action, rights) => {
    expect(allows({ Principal: { AWS: ROLE }, Action })).toEqual([[ROLE, ...rights]]);
  });

  it("are all but those of NotAction", () => {
    expect(allows({ Principal: { AWS: ROLE }, NotAction: ["kms:Put*"] })).toEqual([
      [ROLE, 3, 3, 0],
    ]);
  });

  it("add up over statements, the widest of each", () => {
    const Statement = [
      { Effect: "Allow", Principal: { AWS: ROLE }, Action: "kms:Decrypt" },
      {
        Effect: "Allow",
        Principal: { AWS: ROLE },
        Action: ["kms:Decrypt", "kms:CreateGrant"],
        Condition: { Bool: { "kms:GrantIsForAWSResource": true } },
      },
    ];
    expect(summarizePolicy({ Statement })?.allows).toEqual([[ROLE, 3, 2, 0]]);
  });
});

describe("a condition", () => {
  const conditions: [string, object, [string, number][]][] = [
    ["on the account", { StringEquals: { "kms:CallerAccount": OWN } }, [[`account:${OWN}`, 1]]],
    [
      "on accounts",
      { StringEquals: { "aws:PrincipalAccount": [OWN, OTHER] } },
      [
        [`account:${OWN}`, 1],
        [`account:${OTHER}`, 1],
      ],
    ],
    ["on the organization", { StringEquals: { "aws:PrincipalOrgID": "o-a1" } }, [["org:o-a1", 1]]],
    ["on principals", { ArnLike: { "aws:PrincipalArn": `${ROLE}*` } }, [[`${ROLE}*`, 1]]],
    [
      "on namesakes in any account",
      { ArnLike: { "aws:PrincipalArn": "arn:aws:iam::*:role/a" } },
      [["*", 2]],
    ],
    ["on a network", { StringEquals: { "aws:SourceVpce": "vpce-1" } }, [["*", 1]]],
    ["on a service", { StringLike: { "KMS:ViaService": "s3.*" } }, [["*", 2]]],
    ["on any service", { StringLike: { "kms:ViaService": "*" } }, [["*", 3]]],
    ["on any address", { IpAddress: { "aws:SourceIp": ["0.0.0.0/0"] } }, [["*", 3]]],
    [
      "on some addresses or any",
      { IpAddress: { "aws:SourceIp": ["192.0.2.0/24", "::/0"] } },
      [["*", 3]],
    ],
    ["on transport", { Bool: { "aws:SecureTransport": "true" } }, [["*", 3]]],
    ["that excludes", { StringNotEquals: { "kms:CallerAccount": OTHER } }, [["*", 3]]],
    [
      "that a missing key passes",
      { StringEqualsIfExists: { "kms:CallerAccount": OWN } },
      [["*", 3]],
    ],
    [
      "that an empty set passes",
      { "ForAllValues:StringEquals": { "kms:CallerAccount": OWN } },
      [["*", 3]],
    ],
    ["that asks for the opposite", { Bool: { "kms:GrantIsForAWSResource": "false" } }, [["*", 3]]],
    [
      "on service and account",
      {
        StringEquals: { "kms:ViaService": "s3.eu-west-1.amazonaws.com", "kms:CallerAccount": OWN },
      },
      [[`account:${OWN}`, 1]],
    ],
    [
      "on a value that is none",
      { StringEquals: { "kms:CallerAccount": [{ toString: 1 }] } },
      [["*", 3]],
    ],
    ["that is none", { StringEquals: 3 }, [["*", 3]]],
  ];
  it.each(conditions)("%s", (_name, Condition, expected) => {
    const found = allows({ Principal: { AWS: "*" }, Action: "kms:Decrypt", Condition });
    expect(found?.map(([who, use]) => [who, use])).toEqual(expected);
  });
});

describe("a summary", () => {
  it("reads text and objects alike, and nothing else", () => {
    const policy = { Statement: [] };
    expect(summarizePolicy(JSON.stringify(policy))).toEqual(summarizePolicy(policy));
    for (const broken of ["", "{", "[]", "null", "{}", 3, null, `{"a":"${"x".repeat(140_000)}"}`]) {
      expect(summarizePolicy(broken)).toBeUndefined();
    }
  });

  it("is bounded, however many principals there are", () => {
    const AWS = Array.from({ length: 2000 }, (_, index) => String(100_000_000_000 + index));
    const summary = summarizePolicy({
      Statement: { Effect: "Allow", Principal: { AWS }, Action: "*" },
    });
    expect(summary?.allows).toHaveLength(500);
    expect(summary?.omitted).toBe(1500);
  });

  it("never throws, and says the same of the same statements in any order", () => {
    const statement = fc.record({
      Effect: fc.constantFrom("Allow", "Deny"),
      Principal: fc.oneof(fc.constantFrom("*", { AWS: ROLE }, { AWS: OTHER }), fc.jsonValue()),
      Action: fc.oneof(fc.constantFrom("kms:*", "kms:Decrypt", "kms:PutKeyPolicy"), fc.jsonValue()),
      Condition: fc.jsonValue(),
    });
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 6 }), (statements) => {
        const one = summarizePolicy({ Statement: statements });
        expect(summarizePolicy({ Statement: statements.toReversed() })).toEqual(one);
        if (one !== undefined) expect(policyChanges(one, one, OWN)).toEqual([]);
      }),
    );
  });

  it("of the default policy is what AWS writes", () => {
    const root = { Principal: { AWS: `arn:aws:iam::${OWN}:root` }, Action: "kms:*" };
    expect(defaultPolicy(OWN).allows).toEqual(allows(root));
    expect(hasOwnAdministrator(defaultPolicy(OWN), OWN)).toBe(true);
    expect(hasOwnAdministrator(defaultPolicy(OWN), OTHER)).toBe(false);
  });
});
