import type { KmsEvent } from "../src/detection/detector.ts";
import {
  ACCOUNT,
  event,
  hours,
  inHour,
  KEY,
  person,
  principal,
  START_MS,
} from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { policyChange } from "./policy-change.ts";

const DAY = 24;
const NOW = 20 * DAY;
const STRANGER = "999988887777";
const declared = { accounts: [ACCOUNT, "222233334444"] };
const approved = {
  ...declared,
  approvedForeignAccounts: [{ account: STRANGER, expiresMs: undefined }],
};
const denied: Partial<KmsEvent> = { error: { code: "AccessDenied", class: "denied" } };
const iac = principal("infrastructure-apply");
const ada = person("ada@example.com");

const root = allow({ AWS: `arn:aws:iam::${ACCOUNT}:root` }, "kms:*");
const app = allow({ AWS: role("app") }, ["kms:Decrypt", "kms:GenerateDataKey*"]);
const usual = [root, app];
const narrow = (condition: object) => [
  root,
  { ...allow({ AWS: "*" }, "kms:*"), Condition: condition },
];
/** The pipeline writes the same policy again, every fifth day. */
const habit = [0, 5, 10, 15].flatMap((day) => put(day * DAY + 9, usual));

testDetector(policyChange, {
  fires: {
    "a policy that lets everybody in, critically": {
      events: [...habit, ...put(NOW, [...usual, allow("*", "kms:Decrypt")], { principal: ada })],
      expect: {
        atLeast: "critical",
        title: "Key policy changed",
        reasons: ["opened"],
        withoutReasons: ["foreign", "regular"],
        eventTime: "2026-02-22T00:00:00Z",
        kmsKey: KEY,
        observed: { changes: "opened new-actor" },
        alerts: 1,
      },
    },
    "a policy that lets everybody in, on a key never seen before": {
      events: put(0, [root, allow({ AWS: ["*"] }, ["kms:GenerateDataKey*"])]),
      organization: declared,
      expect: { atLeast: "critical" },
    },
    "a condition that holds for everybody is none": {
      events: [...habit, ...put(NOW, narrow({ StringLike: { "kms:ViaService": "*" } }))],
      expect: { atLeast: "high", reasons: ["opened"] },
    },
    "a way of use names nobody": {
      events: [
        ...habit,
        ...put(NOW, narrow({ StringEquals: { "kms:ViaService": "s3.eu-west-1.amazonaws.com" } })),
      ],
      expect: { atLeast: "medium", reasons: ["opened-by-use"], withoutReasons: ["opened"] },
    },
    "everybody of a foreign account, named in a condition": {
      events: [...habit, ...put(NOW, narrow({ StringEquals: { "kms:CallerAccount": STRANGER } }))],
      organization: declared,
      expect: { atLeast: "medium", reasons: ["foreign"], withoutReasons: ["opened"] },
    },
    "a foreign role": {
      events: [
        ...habit,
        ...put(NOW, [...usual, allow({ AWS: role("support", STRANGER) }, "kms:Decrypt")], {
          principal: ada,
        }),
      ],
      organization: declared,
      expect: {
        atLeast: "high",
        atMost: "high",
        reasons: ["foreign"],
        observed: { admitted: role("support", STRANGER) },
      },
    },
    "a foreign role by account number, where accounts are learned": {
      events: [
        ...habit,
        ...put(NOW, [...usual, allow({ AWS: STRANGER }, "kms:Decrypt")], { principal: ada }),
      ],
      expect: { atLeast: "high", reasons: ["foreign"] },
    },
    "a foreign role in the first policy seen": {
      events: [
        ...hours(0, 10).flatMap((day) => inHour(day * DAY, 1)),
        ...put(NOW, [root, allow({ AWS: role("support", STRANGER) }, "kms:Decrypt")]),
      ],
      organization: declared,
      expect: { atLeast: "high", atMost: "high", reasons: ["foreign-before", "hardly-ever"] },
    },
    "all but one role shut out in the first policy seen, with the check bypassed, gravely": {
      events: put(NOW, [allow({ AWS: role("mine") }, "kms:*")], { ...bypass(), principal: ada }),
      expect: { atLeast: "high", reasons: ["root-absent", "safety-check-bypassed"] },
    },
    "the same without bypassing the check, as a word": {
      events: put(NOW, [allow({ AWS: role("mine") }, "kms:*")]),
      expect: { atMost: "low", reasons: ["root-absent"] },
    },
    "all shut out but the one who writes it, without bypassing the check": {
      events: put(NOW, [allow({ AWS: role("infrastructure-apply") }, "kms:*")], { principal: iac }),
      expect: { atLeast: "medium", reasons: ["root-absent", "maker-only"] },
    },
    "a new key for its maker alone, as a word": {
      events: put(NOW, [allow({ AWS: role("infrastructure-apply") }, "kms:*")], {
        name: "CreateKey",
        principal: iac,
      }),
      expect: { atMost: "low", reasons: ["root-absent"], withoutReasons: ["maker-only"] },
    },
    "an approved foreign account, at low": {
      events: [
        ...habit,
        ...put(NOW, [...usual, allow({ AWS: role("backup", STRANGER) }, "kms:Decrypt")], {
          principal: ada,
        }),
      ],
      organization: approved,
      expect: { atMost: "low", reasons: ["approved"] },
    },
    "the owner shut out, critically": {
      events: [
        ...habit,
        ...put(NOW, [allow({ AWS: `arn:aws:iam::${STRANGER}:root` }, "kms:*")], {
          ...bypass(),
          principal: ada,
        }),
      ],
      organization: declared,
      expect: {
        atLeast: "critical",
        reasons: ["owner-shut-out", "foreign", "safety-check-bypassed"],
      },
    },
    "the owner shut out in the first policy seen": {
      events: put(NOW, [allow({ AWS: `arn:aws:iam::${STRANGER}:root` }, "kms:*")], bypass()),
      organization: declared,
      expect: { atLeast: "critical", reasons: ["no-own-administrator"] },
    },
    "the owner shut out by a Deny for all others": {
      events: [
        ...habit,
        ...put(NOW, [
          ...usual,
          { Effect: "Deny", NotPrincipal: { AWS: role("mine") }, Action: "kms:*", Resource: "*" },
        ]),
      ],
      expect: { atLeast: "high", reasons: ["everybody-denied"] },
    },
    "the account's root removed with the check bypassed, critically": {
      events: [
        ...habit,
        ...put(NOW, [allow({ AWS: role("mine") }, "kms:*")], { ...bypass(), principal: ada }),
      ],
      expect: { atLeast: "critical", reasons: ["root-removed", "safety-check-bypassed"] },
    },
    "a condition removed": {
      events: [
        ...put(0, [
          ...usual,
          { ...allow({ AWS: role("db") }, "kms:CreateGrant"), ...forService() },
        ]),
        ...put(NOW, [...usual, allow({ AWS: role("db") }, "kms:CreateGrant")], { principal: ada }),
      ],
      expect: { atLeast: "medium", reasons: ["loosened"], withoutReasons: ["widened"] },
    },
    "a new role of one's own, at low": {
      events: [
        ...habit,
        ...put(NOW, [...usual, allow({ AWS: role("batch") }, "kms:Decrypt")], { principal: ada }),
      ],
      expect: { atMost: "low", reasons: ["member"] },
    },
    "an IAM user let in by a stranger to it, at low": {
      events: [
        ...habit,
        ...put(
          NOW,
          [...usual, allow({ AWS: `arn:aws:iam::${ACCOUNT}:user/reports` }, "kms:Decrypt")],
          { principal: ada },
        ),
      ],
      expect: { atLeast: "low", atMost: "low", reasons: ["user", "new-actor"] },
    },
    "refused attempts, at low": {
      events: [...habit, ...put(NOW, [allow("*", "kms:*")], { ...denied, principal: ada })],
      expect: { atLeast: "low", atMost: "low", title: "Attempt to change a key policy" },
    },
    "one alert a day for each who did it": {
      events: [
        ...habit,
        ...put(NOW + 3, [...usual, allow("*", "kms:Decrypt")], { principal: ada }),
        ...put(NOW + 4, usual, { principal: ada }),
        ...put(NOW + 9, [...usual, allow("*", "kms:*")], { principal: ada }),
        ...put(NOW + 9, [allow("*", "kms:*")], { principal: person("bob@example.com") }),
      ],
      expect: { atLeast: "critical", alerts: 2 },
    },
    "what was put back and is opened again, since the last policy of an hour counts": {
      events: [
        ...habit,
        ...[[...usual, allow("*", "kms:Decrypt")], usual].flatMap((statements, index) =>
          put(NOW, statements, { principal: ada, timeMs: START_MS + NOW * 3_600_000 + index }),
        ),
        ...put(NOW + 30, [...usual, allow("*", "kms:Decrypt")], { principal: ada }),
      ],
      expect: { atLeast: "high", alerts: 2 },
    },
    "a replica with a lax policy of its own": {
      events: [
        ...habit,
        ...put(NOW, [...usual, allow("*", "kms:Decrypt")], { name: "ReplicateKey" }),
      ],
      expect: { atLeast: "high", reasons: ["opened"] },
    },
    "a key made with the check bypassed, at low": {
      events: put(0, usual, { ...bypass(), name: "CreateKey" }),
      expect: { atLeast: "low", atMost: "low", reasons: ["safety-check-bypassed"] },
    },
    "a record that comes late": {
      events: [
        ...habit,
        ...put(NOW, usual),
        ...put(NOW - 3 * DAY, [root, allow("*", "kms:Decrypt")]),
      ],
      inOrderGiven: true,
      expect: { atLeast: "critical", title: "Key policy changed (arrived late)", alerts: 1 },
    },
  },
  staysSilent: {
    "the same policy written again, in any spelling": [
      ...habit,
      ...put(NOW, [app, { ...root, Principal: { AWS: [ACCOUNT] }, Action: ["kms:*"] }]),
    ],
    "a policy that lets everybody in, written again": {
      events: [
        ...put(0, [root, allow("*", "kms:Decrypt")]),
        ...put(NOW, [root, allow("*", "kms:Decrypt")]),
      ],
      learnUntilHour: DAY,
    },
    "a replica's policy, which is not the key's": [
      ...habit,
      ...put(NOW, [root], { name: "ReplicateKey", principal: ada }),
      ...put(NOW + 5, usual, { principal: ada }),
    ],
    "everybody of one's own account and organization": {
      events: [
        ...put(NOW, narrow({ StringEquals: { "aws:PrincipalOrgID": "o-a1b2c3d4e5" } })),
        ...put(NOW + DAY, [
          ...narrow({ StringEquals: { "aws:PrincipalOrgID": "o-a1b2c3d4e5" } }),
          ...narrow({ StringEquals: { "kms:CallerAccount": ACCOUNT } }),
        ]),
      ],
    },
    "a key made with the default policy, then opened to a role by the same pipeline": {
      events: [...put(0, undefined, { name: "CreateKey" }), ...put(5, [root, app])],
      below: "low",
    },
    "roles of a family coming and going": hours(0, 12)
      .flatMap((day) =>
        put(day * DAY, [...usual, allow({ AWS: role(`preview-pr-${day + 100}`) }, "kms:Decrypt")]),
      )
      .slice(1)
      .concat(put(0, [...usual, allow({ AWS: role("preview-pr-99") }, "kms:Decrypt")])),
    "a guard rail that denies everybody outside": [
      ...habit,
      ...put(NOW, [
        ...usual,
        {
          Effect: "Deny",
          Principal: "*",
          Action: "kms:*",
          Resource: "*",
          Condition: { StringNotEquals: { "aws:PrincipalOrgID": "o-a1b2c3d4e5" } },
        },
      ]),
    ],
    "a new role of one's own, by whoever does it regularly": [
      ...habit,
      ...put(NOW, [...usual, allow({ AWS: role("batch") }, "kms:Decrypt")]),
    ],
    "rights taken away": [...habit, ...put(NOW, [root])],
    "text that is no policy": inHour(NOW, 1, {
      name: "PutKeyPolicy",
      operation: "admin",
      parameters: { policy: '{"Statement": [' },
    }),
    "other administration": inHour(NOW, 3, { name: "TagResource", operation: "admin" }),
  },
});

function put(
  hour: number,
  statements: readonly object[] | undefined,
  { parameters, ...overrides }: Partial<KmsEvent> = {},
): KmsEvent[] {
  const policy = JSON.stringify({ Version: "2012-10-17", Statement: statements }, null, 2);
  return [
    event({
      hour,
      name: "PutKeyPolicy",
      operation: "admin",
      principal: iac,
      parameters: { ...(statements === undefined ? {} : { policy }), ...parameters },
      ...overrides,
    }),
  ];
}

function bypass(): Partial<KmsEvent> {
  return { parameters: { bypassPolicyLockoutSafetyCheck: true } };
}

function allow(who: unknown, action: unknown) {
  return { Sid: "x", Effect: "Allow", Principal: who, Action: action, Resource: "*" };
}

function forService() {
  return { Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } } };
}

function role(name: string, account = ACCOUNT): string {
  return `arn:aws:iam::${account}:role/${name}`;
}
