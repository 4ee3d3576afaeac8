import type { Method } from "./method.ts";

interface Settings {
  /** Calls that services make for a principal count as well. */
  readonly withServices: boolean;
  /** Reading and administration calls count as well. */
  readonly withAdministration: boolean;
}

/** A principal and a key that were not seen together for 14 days, as in Elastic's rules of type "new terms". */
export const newTerms: Method<Settings> = {
  name: "new-terms",
  title: '"new terms" (principal, key) over 14 days',
  chosen: { withServices: false, withAdministration: true },
  choices: [
    { withServices: true, withAdministration: true },
    { withServices: true, withAdministration: false },
    { withServices: false, withAdministration: true },
    { withServices: false, withAdministration: false },
  ],
  watch({ withServices, withAdministration }) {
    const seenMs = new Map<string, number>();
    let firstMs: number | undefined;
    return ({ principal, keys, timeMs, operation }) => {
      firstMs ??= timeMs;
      if (!withServices && (principal.via !== undefined || principal.service)) return undefined;
      if (!withAdministration && (operation === "admin" || operation === "read")) return undefined;
      let isNew = false;
      for (const { arn } of keys) {
        const pair = `${principal.entity} ${arn}`;
        const lastMs = seenMs.get(pair);
        seenMs.set(pair, timeMs);
        if (lastMs === undefined || timeMs - lastMs > historyMs) isNew = true;
      }
      return isNew && timeMs - firstMs > historyMs ? { startMs: timeMs } : undefined;
    };
  },
};

const historyMs = 14 * 86_400_000;
