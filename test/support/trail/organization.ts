import { company } from "../../../src/simulation/company.ts";
import { type TrailKey, trailKey } from "../../../src/simulation/key.ts";

/**
 * Meadowlark Freight, the invented company of all samples. Account ids and addresses are those that AWS's documentation
 * and RFC 5737 / RFC 3849 reserve for examples; nothing here belongs to anyone.
 */
export const organization = {
  ...company,
  accounts: {
    payments: "111122223333",
    logistics: "444455556666",
    security: "777788889999",
  },
  /** An account that is not Meadowlark's. */
  foreignAccount: "999988887777",
} as const;

export { type TrailKey, trailKey };

const { payments, logistics, security } = organization.accounts;

/** The keys of Meadowlark Freight, and one of a stranger. */
export const keys = {
  paymentsData: trailKey(payments, "alias/payments-data"),
  paymentsSecrets: trailKey(payments, "alias/payments-secrets"),
  paymentsParameters: trailKey(payments, "alias/aws/ssm"),
  invoices: trailKey(payments, "alias/invoices"),
  ledger: trailKey(payments, "alias/ledger"),
  tracking: trailKey(logistics, "alias/tracking"),
  logisticsSecrets: trailKey(logistics, "alias/logistics-secrets"),
  logisticsParameters: trailKey(logistics, "alias/aws/ssm"),
  shipments: trailKey(logistics, "alias/shipments"),
  fleet: trailKey(logistics, "alias/fleet"),
  warehouse: trailKey(logistics, "alias/warehouse"),
  telemetry: trailKey(logistics, "alias/telemetry"),
  /** Its key material was imported: deleting the material takes effect at once. */
  customs: trailKey(logistics, "alias/customs-imported"),
  logArchive: trailKey(security, "alias/log-archive"),
  artifacts: trailKey(security, "alias/artifacts"),
  labels: trailKey(security, "alias/labels"),
  foreign: trailKey(organization.foreignAccount, "alias/unknown"),
} as const satisfies Record<string, TrailKey>;

/** Keys that live in one account. */
export function keysOf(accountId: string): TrailKey[] {
  return Object.values(keys).filter((key) => key.accountId === accountId);
}
