import { describe, expect, it } from "vitest";
import { grantOf } from "../../../src/baseline/grant.ts";
import type { KmsEvent } from "../../../src/cloudtrail/event.ts";
import {
  countGiven,
  type Given,
  givenName,
  newGiven,
} from "../../../src/detection/given-grants.ts";
import { ACCOUNT, event } from "../../support/events.ts";

const grants = (parameters: Record<string, unknown>, error?: KmsEvent["error"]) =>
  event({ name: "CreateGrant", operation: "admin", parameters, error });
const denied = { code: "AccessDenied", class: "denied" } as const;

const sharing: Record<string, KmsEvent[]> = {
  "resources of a service": [
    grants({ granteePrincipal: `${ACCOUNT}:aws:ec2-infrastructure:i-2`, operations: ["Decrypt"] }),
    grants({ granteePrincipal: `${ACCOUNT}:aws:ec2-infrastructure:i-1`, operations: ["Decrypt"] }),
  ],
  "refused grants of different rights": [
    grants({ granteePrincipal: ACCOUNT, operations: ["Decrypt"] }, denied),
    grants({ granteePrincipal: ACCOUNT, operations: ["CreateGrant"] }, denied),
  ],
};

describe("grants that share a name", () => {
  it.each(Object.entries(sharing))("are the same in any order: %s", (_, events) => {
    const names = events.map((one) => givenName(one, grantOf(one.parameters)));
    expect(new Set(names).size).toBe(1);
    expect(givenBy(events.toReversed())).toEqual(givenBy(events));
  });
});

function givenBy(events: readonly KmsEvent[]): Given | undefined {
  let given: Given | undefined;
  for (const one of events) {
    const grant = grantOf(one.parameters);
    if (grant === undefined) continue;
    given ??= newGiven(one, grant);
    countGiven(given, one, grant);
  }
  return given;
}
