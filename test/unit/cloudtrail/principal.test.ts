import { describe, expect, it } from "vitest";
import type { Principal } from "../../../src/cloudtrail/event.ts";
import { eventOf, type Json, kmsRecord } from "../../support/parsing.ts";

const ACCOUNT = "111122223333";
const ROLE = `arn:aws:iam::${ACCOUNT}:role`;
const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role`;

function principalOf(identity: unknown, fields: Json = {}): Principal {
  return eventOf(kmsRecord({ userIdentity: identity, ...fields })).principal;
}

function issuedBy(arn: string): Json {
  return { sessionIssuer: { arn } };
}

const identityCenter = {
  userId: "u-1",
  identityStoreArn: `arn:aws:identitystore::${ACCOUNT}:identitystore/d-1`,
};

describe("the key of a principal", () => {
  it.each<[string, Json, string]>([
    [
      "of a role session is the issuer's ARN, path included",
      {
        type: "AssumedRole",
        arn: `${SESSION}/app/i-0aaa`,
        sessionContext: issuedBy(`${ROLE}/team/app`),
      },
      `${ROLE}/team/app`,
    ],
    [
      "of a role session without issuer is rebuilt",
      { type: "AssumedRole", arn: `${SESSION}/app/i-0aaa` },
      `${ROLE}/app`,
    ],
    [
      "of a role session with an empty issuer is rebuilt",
      {
        type: "AssumedRole",
        arn: `${SESSION}/app/i-0aaa`,
        sessionContext: { sessionIssuer: {}, webIdFederationData: {} },
      },
      `${ROLE}/app`,
    ],
    [
      "is rebuilt in the session's partition",
      { type: "AssumedRole", arn: `arn:aws-cn:sts::${ACCOUNT}:assumed-role/app/i` },
      `arn:aws-cn:iam::${ACCOUNT}:role/app`,
    ],
    [
      "is the role although the issuer is said to be a user",
      {
        type: "AssumedRole",
        arn: `${SESSION}/app/i-0aaa`,
        sessionContext: issuedBy(`arn:aws:iam::${ACCOUNT}:user/bo`),
      },
      `${ROLE}/app`,
    ],
    [
      "is the role although the issuer is said to be a session",
      {
        type: "AssumedRole",
        principalId: "AROA:i",
        sessionContext: issuedBy(`${SESSION}/app/i-0aaa`),
      },
      `${ROLE}/app`,
    ],
    [
      "is the ARN where that is the role's already",
      { type: "AssumedRole", arn: `${ROLE}/app`, principalId: "AROA:i" },
      `${ROLE}/app`,
    ],
    [
      "of EC2's pseudo role is like any role's",
      { type: "AssumedRole", arn: `${SESSION}/aws:ec2-instance/i-0aaa` },
      `${ROLE}/aws:ec2-instance`,
    ],
    [
      "of a role session without any ARN is its unique id",
      { type: "AssumedRole", accountId: ACCOUNT, principalId: "AROAX:s" },
      `AssumedRole:${ACCOUNT}:AROAX`,
    ],
    [
      "of a user is the user's ARN, not an empty issuer's",
      {
        type: "IAMUser",
        arn: `arn:aws:iam::${ACCOUNT}:user/ops/bo`,
        sessionContext: { sessionIssuer: {} },
      },
      `arn:aws:iam::${ACCOUNT}:user/ops/bo`,
    ],
    [
      "of a user without ARN is built from account and name",
      { type: "IAMUser", accountId: ACCOUNT, userName: "bo" },
      `arn:aws:iam::${ACCOUNT}:user/bo`,
    ],
    [
      "of the root user is the account's",
      { type: "Root", accountId: ACCOUNT },
      `arn:aws:iam::${ACCOUNT}:root`,
    ],
    [
      "of a caller from another account is that account's",
      { type: "AWSAccount", accountId: "999988887777", principalId: "AROAX:s" },
      "arn:aws:iam::999988887777:root",
    ],
    [
      "of a federated user is the issuer's",
      {
        type: "FederatedUser",
        arn: `arn:aws:sts::${ACCOUNT}:federated-user/kim`,
        sessionContext: issuedBy(`arn:aws:iam::${ACCOUNT}:user/bo`),
      },
      `arn:aws:iam::${ACCOUNT}:user/bo`,
    ],
    [
      "of a federated user without issuer is its own",
      { type: "FederatedUser", arn: `arn:aws:sts::${ACCOUNT}:federated-user/kim` },
      `arn:aws:sts::${ACCOUNT}:federated-user/kim`,
    ],
    [
      "of an Identity Center user is in the identity store",
      { type: "IdentityCenterUser", accountId: ACCOUNT, onBehalfOf: identityCenter },
      `${identityCenter.identityStoreArn}/user/u-1`,
    ],
    [
      "of a service is its name",
      { type: "AWSService", invokedBy: "s3.amazonaws.com" },
      "s3.amazonaws.com",
    ],
    [
      "of a service has no Region in it",
      { type: "AWSService", invokedBy: "workmail.eu-west-1.amazonaws.com" },
      "workmail.amazonaws.com",
    ],
    [
      "of a service keeps dashes that are no Region",
      { type: "AWSService", invokedBy: "delivery-2.logs.us-gov-west-1.amazonaws.com" },
      "delivery-2.logs.amazonaws.com",
    ],
    ["of AWS itself", { type: "AWSService", invokedBy: "AWS Internal" }, "AWS Internal"],
    [
      "of a service without type",
      { accountId: ACCOUNT, invokedBy: "AWS Internal" },
      "AWS Internal",
    ],
    [
      "of an identity without type is taken from its ARN",
      { arn: `${SESSION}/app/i`, invokedBy: "s3.amazonaws.com" },
      `${ROLE}/app`,
    ],
    ["of a persistent role", { type: "Role", arn: `${ROLE}/app` }, `${ROLE}/app`],
    [
      "of an unknown kind with a user's ARN",
      { type: "Unknown", arn: `arn:aws:iam::${ACCOUNT}:user/bo` },
      `arn:aws:iam::${ACCOUNT}:user/bo`,
    ],
  ])("%s", (_, identity, key) => {
    expect(principalOf(identity).key).toBe(key);
  });

  it("is in the Region's partition where the identity names none", () => {
    const identity = { type: "AWSAccount", accountId: ACCOUNT };
    expect(principalOf(identity, { awsRegion: "cn-north-1" }).key).toBe(
      `arn:aws-cn:iam::${ACCOUNT}:root`,
    );
    expect(principalOf(identity, { awsRegion: "us-gov-west-1" }).key).toBe(
      `arn:aws-us-gov:iam::${ACCOUNT}:root`,
    );
  });

  it("never is the same for identities of different kinds that name themselves alike", () => {
    const same = { principalId: "x", userName: "x", identityProvider: "x" };
    const types = ["WebIdentityUser", "SAMLUser", "Directory", "Unknown", "Anonymous", "IAMUser"];
    const keys = types.map((type) => principalOf({ type, ...same }).key);
    keys.push(principalOf({ type: "AssumedRole", ...same }).key, principalOf(undefined).key);
    expect(new Set(keys).size).toBe(types.length + 2);
  });

  it("tells web identities of two providers apart", () => {
    const of = (identityProvider: string): string =>
      principalOf({ type: "WebIdentityUser", identityProvider, userName: "kim" }).key;
    expect(of("accounts.example.com")).not.toBe(of("accounts.example.org"));
  });

  it.each([[undefined], [null], ["root"], [[]], [{}], [{ type: 7, arn: 7 }], [{ type: "" }]])(
    "of the identity %j is that of somebody unknown in the account",
    (identity) => {
      expect(principalOf(identity)).toMatchObject({
        key: `Unknown:${ACCOUNT}:`,
        type: "Unknown",
        service: false,
      });
    },
  );
});

describe("a principal", () => {
  it("that uses a permission set is remembered per person", () => {
    const role = `${ROLE}/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Ops_0123456789abcdef`;
    const principal = principalOf({
      type: "AssumedRole",
      arn: `${SESSION}/AWSReservedSSO_Ops_0123456789abcdef/kim@example.com`,
      sessionContext: issuedBy(role),
    });
    expect(principal).toMatchObject({
      key: role,
      entity: `${role}#kim@example.com`,
      session: "kim@example.com",
      human: true,
      family: "AWSReservedSSO_Ops",
    });
  });

  it("of any other kind is remembered by its key", () => {
    const principal = principalOf({ type: "AssumedRole", arn: `${SESSION}/app/i-0aaa` });
    expect(principal).toMatchObject({ entity: `${ROLE}/app`, session: "i-0aaa", name: "app" });
  });

  it("keeps its own key when a service calls for it", () => {
    const identity = {
      type: "IAMUser",
      arn: `arn:aws:iam::${ACCOUNT}:user/bo`,
      invokedBy: "secretsmanager.eu-west-1.amazonaws.com",
    };
    expect(principalOf(identity)).toMatchObject({
      key: `arn:aws:iam::${ACCOUNT}:user/bo`,
      via: "secretsmanager.amazonaws.com",
      service: false,
    });
  });

  it("that is a service acts through nobody", () => {
    const identity = { type: "AWSService", invokedBy: "s3.amazonaws.com" };
    expect(principalOf(identity)).toMatchObject({
      via: undefined,
      service: true,
      type: "AWSService",
      name: "s3.amazonaws.com",
    });
  });

  it("without type is KMS itself in a service event", () => {
    const identity = { accountId: ACCOUNT };
    expect(principalOf(identity, { eventType: "AwsServiceEvent" })).toMatchObject({
      key: "AWS Internal",
      service: true,
      accountId: ACCOUNT,
    });
  });

  it.each<[string, Json, Json]>([
    ["root", { type: "Root", accountId: ACCOUNT }, {}],
    [
      "a federated user",
      { type: "FederatedUser", arn: `arn:aws:sts::${ACCOUNT}:federated-user/k` },
      {},
    ],
    ["an Identity Center user", { type: "IdentityCenterUser", onBehalfOf: identityCenter }, {}],
    [
      "a user with MFA",
      {
        type: "IAMUser",
        userName: "bo",
        sessionContext: { attributes: { mfaAuthenticated: "true" } },
      },
      {},
    ],
    [
      "a user with temporary credentials",
      { type: "IAMUser", userName: "bo", accessKeyId: "ASIAX" },
      {},
    ],
    [
      "whoever uses the console",
      { type: "AssumedRole", arn: `${SESSION}/app/x` },
      { sessionCredentialFromConsole: "true" },
    ],
    [
      "a session named after a mail address",
      { type: "AssumedRole", arn: `${SESSION}/app/k@x.com` },
      {},
    ],
  ])("is a person: %s", (_, identity, fields) => {
    expect(principalOf(identity, fields).human).toBe(true);
  });

  it.each<[string, Json]>([
    ["a role on a machine", { type: "AssumedRole", arn: `${SESSION}/app/i-0aaa` }],
    ["a user's access key", { type: "IAMUser", userName: "bo", accessKeyId: "AKIAX" }],
    [
      "a service with a user's temporary credentials",
      { type: "IAMUser", userName: "bo", accessKeyId: "ASIAX", invokedBy: "s3.amazonaws.com" },
    ],
    ["a service", { type: "AWSService", invokedBy: "s3.amazonaws.com" }],
    ["an account", { type: "AWSAccount", accountId: ACCOUNT }],
  ])("is no person: %s", (_, identity) => {
    expect(principalOf(identity).human).toBe(false);
  });

  it.each([
    ["ASIAEXAMPLEAPP000001", "ASIA************0001"],
    ["AKIA1", "*****"],
    ["", undefined],
    ["A".repeat(200), undefined],
  ])("shows of the access key %s no more than %s", (accessKeyId, shown) => {
    expect(principalOf({ type: "IAMUser", userName: "bo", accessKeyId }).accessKeyId).toBe(shown);
  });
});
