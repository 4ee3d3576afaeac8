import type { KmsEvent } from "../src/detection/detector.ts";
import { ACCOUNT, event, hours, inHour, KEY, person, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { grantToOutsider } from "./grant-to-outsider.ts";

const DAY = 24;
const NOW = 20 * DAY;
const STRANGER = "999988887777";
const SISTER = "222233334444";
const declared = { accounts: [ACCOUNT, SISTER] };
const approved = {
  ...declared,
  approvedForeignAccounts: [{ account: STRANGER, expiresMs: undefined }],
};
const ada = person("ada@example.com");
const scaling = principal("AWSServiceRoleForAutoScaling", { via: "autoscaling.amazonaws.com" });
/** A worker gets its grant every day. */
const habit = hours(0, 20).flatMap((day) => grant(day * DAY, role("worker")));

testDetector(grantToOutsider, {
  fires: {
    "a foreign role": {
      events: [...habit, ...grant(NOW, role("support", STRANGER), { principal: ada })],
      organization: declared,
      expect: {
        atLeast: "high",
        title: "Grant to an outsider",
        reasons: ["foreign", "unconstrained", "new-grantor"],
        withoutReasons: ["grants-further", "refused", "by-service"],
        observed: { grantee: role("support", STRANGER), granteeAccountIsOurs: false },
        eventTime: "2026-02-22T00:00:00Z",
        kmsKey: KEY,
        alerts: 1,
      },
    },
    "a foreign role that may grant further, critically": {
      events: grant(NOW, role("support", STRANGER), {
        principal: ada,
        operations: ["Decrypt", "CreateGrant"],
      }),
      organization: declared,
      expect: { atLeast: "critical", reasons: ["grants-further"] },
    },
    "a foreign account by its number, where accounts are learned": {
      events: [...habit, ...grant(NOW, STRANGER)],
      expect: { atLeast: "medium", reasons: ["foreign"] },
    },
    "a foreign role in the first days of learning, at low": {
      events: grant(1, role("support", STRANGER)),
      expect: { atMost: "low", reasons: ["foreign"] },
    },
    "a machine in a foreign account": {
      events: grant(NOW, `${STRANGER}:aws:ec2-infrastructure:i-0abc`),
      organization: declared,
      expect: { atLeast: "high", reasons: ["foreign"] },
    },
    "an approved foreign account, at low": {
      events: [...habit, ...grant(NOW, role("backup", STRANGER))],
      organization: approved,
      expect: { atMost: "low", reasons: ["approved"] },
    },
    everybody: {
      events: grant(NOW, "*"),
      expect: { atLeast: "critical", reasons: ["everybody"] },
    },
    "a user who may grant further, gravely": {
      events: grant(NOW, `arn:aws:iam::${ACCOUNT}:user/reports`, {
        operations: ["CreateGrant", "Decrypt"],
      }),
      expect: { atLeast: "high", atMost: "high", reasons: ["user", "grants-further"] },
    },
    "a unique id": {
      events: grant(NOW, "AIDAEXAMPLEEXAMPLE"),
      expect: { atLeast: "low", reasons: ["nameless"] },
    },
    "a whole account of one's own organization, at low": {
      events: grant(NOW, `arn:aws:iam::${SISTER}:root`),
      organization: declared,
      expect: { atLeast: "low", atMost: "low", reasons: ["whole-account"] },
    },
    "a role new to a key whose grantees stay the same, at low": {
      events: [...habit, ...grant(NOW, role("batch"))],
      expect: { atLeast: "low", atMost: "low", reasons: ["new-grantee", "known-grantor"] },
    },
    "a role new to a key whose machines come and go, at low": {
      events: [
        ...hours(0, 480).flatMap((hour) =>
          grant(hour, `${ACCOUNT}:aws:ec2-infrastructure:i-${hour}`, { principal: scaling }),
        ),
        ...grant(NOW, role("batch")),
      ],
      expect: { atLeast: "low", atMost: "low", reasons: ["new-grantee"] },
    },
    "an attempt on a key that is disabled": {
      events: grant(NOW, role("support", STRANGER), {
        error: { code: "KMSInvalidStateException", class: "state" },
      }),
      organization: declared,
      expect: { atLeast: "medium", reasons: ["refused"] },
    },
    "a grant that a person makes by hand, at low": {
      events: grant(NOW, role("batch"), { principal: ada }),
      expect: { atLeast: "low", atMost: "low", reasons: ["by-hand"] },
    },
    "a refused grant to a foreign role, at medium": {
      events: grant(NOW, role("support", STRANGER), {
        error: { code: "AccessDenied", class: "denied" },
      }),
      organization: declared,
      expect: {
        atLeast: "medium",
        atMost: "medium",
        title: "Attempt to grant the use of a key",
        reasons: ["refused"],
      },
    },
    "a grant after refused ones anew": {
      events: [
        ...grant(0, role("support", STRANGER), {
          error: { code: "AccessDenied", class: "denied" },
        }),
        ...grant(NOW, role("support", STRANGER)),
      ],
      organization: declared,
      learnUntilHour: DAY,
      expect: { atLeast: "high", alerts: 1 },
    },
    "a known grantee that may now grant further": {
      events: [
        ...grant(0, role("vendor", STRANGER)),
        ...grant(NOW, role("vendor", STRANGER), { operations: ["CreateGrant"] }),
      ],
      organization: declared,
      learnUntilHour: DAY,
      expect: { atLeast: "high", reasons: ["grants-further"], alerts: 1 },
    },
    "one alert for a grantee, however often it gets a grant": {
      events: hours(0, 20).flatMap((day) => grant(day * DAY, role("support", STRANGER))),
      organization: declared,
      expect: { alerts: 1 },
    },
    "a record that comes late": {
      events: [...grant(NOW, role("worker")), ...grant(DAY, role("support", STRANGER))],
      organization: declared,
      inOrderGiven: true,
      expect: { atLeast: "high", title: "Grant to an outsider (arrived late)" },
    },
  },
  staysSilent: {
    "grants to machines of one's own, one for each": hours(0, 200).flatMap((hour) =>
      grant(hour, `${ACCOUNT}:aws:ec2-infrastructure:i-${hour}`, {
        principal: scaling,
        operations: ["Decrypt", "CreateGrant"],
      }),
    ),
    "grants to services": [
      ...grant(0, "dynamodb.amazonaws.com"),
      ...grant(NOW, "rds.eu-west-1.amazonaws.com"),
      ...grant(NOW, "AWS Internal"),
      ...grant(NOW, undefined, { parameters: { granteeServicePrincipal: "ec2.amazonaws.com" } }),
    ],
    "grants to service-linked roles of one's own": grant(
      NOW,
      `arn:aws:iam::${ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`,
    ),
    "the same worker every day": habit,
    "a foreign role that got its grant before": {
      events: [
        ...grant(0, role("vendor", STRANGER)),
        ...habit,
        ...grant(NOW, role("vendor", STRANGER)),
      ],
      organization: declared,
      learnUntilHour: DAY,
    },
    "roles of a family coming and going": hours(0, 20).flatMap((day) =>
      grant(day * DAY, role(`preview-pr-${day + 100}`)),
    ),
    "a role new to a key without a history of grants": grant(NOW, role("batch")),
    "a service granting within the organization": {
      events: [...habit, ...grant(NOW, role("replica", SISTER), { principal: scaling })],
      organization: declared,
    },
    "a service granting to a foreign account, below medium": {
      events: [...habit, ...grant(NOW, role("replica", STRANGER), { principal: scaling })],
      organization: declared,
      below: "medium",
    },
    "a dry run": grant(NOW, role("support", STRANGER), {
      error: { code: "DryRunOperationException", class: "dryRun" },
    }),
    "a grant without a grantee": inHour(NOW, 1, { name: "CreateGrant", operation: "admin" }),
  },
});

function grant(
  hour: number,
  grantee: string | undefined,
  { operations = ["Decrypt"], ...rest }: Partial<KmsEvent> & { operations?: string[] } = {},
): KmsEvent[] {
  const parameters = { keyId: KEY, granteePrincipal: grantee, operations };
  return [event({ hour, name: "CreateGrant", operation: "admin", parameters, ...rest })];
}

function role(name: string, account = ACCOUNT): string {
  return `arn:aws:iam::${account}:role/${name}`;
}
