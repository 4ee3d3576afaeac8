import { expect, it } from "vitest";
import type { KmsEvent } from "../../../src/cloudtrail/event.ts";
import { detect, type Detected } from "../../support/detection.ts";
import { ACCOUNT, context, hours, inHour, KEY, key, principal } from "../../support/events.ts";

const VENDOR = "999988887777";
const caller = { ...principal("vendor"), type: "AWSAccount", accountId: VENDOR };
const NOW = 30 * 24 + 9;

/** Thirty days of fetching files of one bucket, then a night of another. */
const events = [
  ...hours(0, 30).flatMap((day) => fetches(day * 24 + 9, "exchange", 10)),
  ...fetches(NOW, "customers", 60),
];

function fetches(hour: number, bucket: string, count: number): KmsEvent[] {
  return inHour(hour, count, { principal: caller, keys: [key(KEY)] }).map((event, nth) => ({
    ...event,
    context: { ...context("aws:s3:arn", hour * 1000 + nth), place: bucket },
    recipientAccountId: ACCOUNT,
  }));
}

function alertsOn(found: Detected): string[] {
  return [...found.last.values()]
    .filter((alert) => alert.principal?.key === caller.key)
    .map(({ detector }) => detector);
}

it("an approved account that reads another bucket than ever is told, where accounts are listed", () => {
  const approvedForeignAccounts = [{ account: VENDOR, expiresMs: undefined }];
  const listed = { organization: { accounts: [ACCOUNT], approvedForeignAccounts } };
  expect(alertsOn(detect([events], listed))).toContain("new-contexts");
});

it("nothing is remembered of a caller of whom it is not known whether it is ours", () => {
  expect([...detect([events]).memories.keys()]).not.toContain(`principal:${caller.key}`);
});
