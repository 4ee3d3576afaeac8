import { describe, expect, it } from "vitest";
import type { KmsEvent } from "../../../src/cloudtrail/event.ts";
import { type Accounts, entityName, entityOf, route } from "../../../src/detection/routing.ts";
import { noAccountsListed } from "../../support/detection.ts";
import { ACCOUNT, event, KEY, key, keyArn, person, principal } from "../../support/events.ts";

const OWNER = "999988887777";
const theirs = keyArn(1, OWNER);
const app = `arn:aws:iam::${ACCOUNT}:role/app`;
const alias = `arn:aws:kms:eu-west-1:${ACCOUNT}:alias/payments`;

const table: Record<string, { event: Partial<KmsEvent>; to: string[] }> = {
  "a call within one account counts for principal, key and account": {
    event: {},
    to: [`principal:${app}`, `key:${KEY}`, `account:${ACCOUNT}`],
  },
  "the caller's copy of a cross-account call counts for the principal": {
    event: { keys: [key(theirs)], recipientAccountId: ACCOUNT },
    to: [`principal:${app}`, `account:${ACCOUNT}`],
  },
  "the owner's copy of a cross-account call counts for the key": {
    event: { keys: [key(theirs)], recipientAccountId: OWNER },
    to: [`key:${theirs}`, `account:${OWNER}`],
  },
  "a copy that does not say whose it is counts for both": {
    event: { keys: [key(theirs)], recipientAccountId: undefined },
    to: [`principal:${app}`, `key:${theirs}`, `account:${ACCOUNT}`],
  },
  "a caller without an account counts where it was seen": {
    event: { principal: { ...principal("Unknown"), accountId: undefined } },
    to: [`principal:arn:aws:iam::${ACCOUNT}:role/Unknown`, `key:${KEY}`, `account:${ACCOUNT}`],
  },
  "a VPC endpoint's view counts for nobody": { event: { networkActivity: true }, to: [] },
  "an AWS service has no memory as a principal": {
    event: { principal: principal("ebs.amazonaws.com", { service: true }) },
    to: [`key:${KEY}`, `account:${ACCOUNT}`],
  },
  "a call through a service counts for the principal behind it": {
    event: { principal: principal("app", { via: "s3.amazonaws.com" }) },
    to: [`principal:${app}`, `key:${KEY}`, `account:${ACCOUNT}`],
  },
  "ReEncrypt counts for both of its keys": {
    event: { keys: [key(KEY), key(keyArn(2))] },
    to: [`principal:${app}`, `key:${KEY}`, `key:${keyArn(2)}`, `account:${ACCOUNT}`],
  },
  "ReEncrypt under one key counts for it once": {
    event: { keys: [key(KEY), key(KEY)] },
    to: [`principal:${app}`, `key:${KEY}`, `account:${ACCOUNT}`],
  },
  "ReEncrypt over an account boundary counts for the key of the account that saw it": {
    event: { keys: [key(KEY), key(theirs)], recipientAccountId: OWNER },
    to: [`key:${theirs}`, `account:${OWNER}`],
  },
  "an alias that was not resolved is no key": {
    event: { keys: [key(alias)] },
    to: [`principal:${app}`, `account:${ACCOUNT}`],
  },
  "a call about no key counts for principal and account": {
    event: { keys: [] },
    to: [`principal:${app}`, `account:${ACCOUNT}`],
  },
  "a person in a permission set has a memory of her own": {
    event: { principal: person("ada@example.com"), keys: [] },
    to: [`principal:${person("ada@example.com").key}#ada@example.com`, `account:${ACCOUNT}`],
  },
};

const listed: Accounts = { declared: true, isOurs: (account) => account !== OUTSIDE };
const OUTSIDE = "555566667777";

describe("the route of an event", () => {
  it.each(Object.entries(table))("%s", (_name, { event: given, to }) => {
    expect(
      route(event(given), noAccountsListed).map(({ kind, id }) => entityName(kind, id)),
    ).toEqual(to);
  });

  it.each([
    ["from an account that is not listed counts for its caller too", OUTSIDE, listed, 1],
    ["from a listed account counts for its caller in that one's own copy", ACCOUNT, listed, 0],
    ["says nothing of its caller where no account is listed", OUTSIDE, noAccountsListed, 0],
  ])("the owner's copy of a call %s", (_name, accountId, organization, principals) => {
    const caller = { ...principal("app"), accountId };
    const copy = event({ principal: caller, keys: [key(theirs)], recipientAccountId: OWNER });
    const kinds = route(copy, organization).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "principal")).toHaveLength(principals);
    expect(kinds).toContain("key");
  });

  it("has names that tell the entity, colons in it included", () => {
    for (const { kind, id } of route(event(), noAccountsListed)) {
      expect(entityOf(entityName(kind, id))).toEqual({ kind, id });
    }
  });
});
