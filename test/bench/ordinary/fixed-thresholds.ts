import type { KmsEvent } from "../../../src/cloudtrail/event.ts";
import { hourMs } from "./hours.ts";
import type { Method } from "./method.ts";

interface Settings {
  /** More decrypting calls of a principal in an hour alert. */
  readonly decrypts: number;
  /** More refused calls of a principal in an hour alert. */
  readonly refusals: number;
  /** Which administration calls alert each time. */
  readonly list: keyof typeof lists;
}

/**
 * What destroys or weakens keys. `short` is what public rules name (Sigma's `aws_disable_or_schedule_deletion`, Elastic's
 * rule of the same kind); `middle` and `long` add what a reader of KMS's API reference would.
 */
const short = ["ScheduleKeyDeletion", "DisableKey"];
const middle = [
  ...short,
  "DeleteImportedKeyMaterial",
  "ImportKeyMaterial",
  "DeleteCustomKeyStore",
  "DisconnectCustomKeyStore",
  "UpdateCustomKeyStore",
  "ReplicateKey",
];
const long = [...middle, "PutKeyPolicy", "UpdateAlias", "DisableKeyRotation"];
const lists = {
  short: new Set(short),
  middle: new Set(middle),
  long: new Set(long),
};

/** Limits for everybody alike, sensitive calls, the root user's cryptography, and callers of unknown accounts. */
export const fixedThresholds: Method<Settings> = {
  name: "fixed-thresholds",
  title: "fixed thresholds and a list of sensitive calls",
  chosen: { decrypts: 300, refusals: 20, list: "long" },
  choices: [100, 300, 1000, 3000].flatMap((decrypts) =>
    [5, 10, 20, 50].flatMap((refusals) =>
      (["short", "middle", "long"] as const).map((list) => ({ decrypts, refusals, list })),
    ),
  ),
  watch({ decrypts, refusals, list }, { accounts, approvedForeignAccounts }) {
    const hours = new Map<string, { hour: number; decrypts: number; refusals: number }>();
    const isStrange = (account: string | undefined): boolean =>
      account !== undefined && !accounts.has(account) && !approvedForeignAccounts.has(account);
    return (event) => {
      const { principal, timeMs } = event;
      const hour = Math.floor(timeMs / hourMs);
      const last = hours.get(principal.entity);
      const counts = last?.hour === hour ? last : { hour, decrypts: 0, refusals: 0 };
      hours.set(principal.entity, counts);
      if (reveals(event)) counts.decrypts += 1;
      if (event.error?.class === "denied") counts.refusals += 1;
      const isTooMuch =
        (reveals(event) && counts.decrypts === decrypts + 1) ||
        (event.error?.class === "denied" && counts.refusals === refusals + 1);
      if (isTooMuch) return { startMs: hour * hourMs };
      const isSensitive = event.error === undefined && lists[list].has(event.name);
      const isRoot = principal.type === "Root" && event.operation !== "read";
      const isAlarming = isSensitive || isRoot || isStrange(principal.accountId);
      return isAlarming ? { startMs: timeMs } : undefined;
    };
  },
};

function reveals({ operation }: KmsEvent): boolean {
  return operation === "decrypt" || operation === "dataKey" || operation === "reEncrypt";
}
