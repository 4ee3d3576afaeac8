import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { detectors } from "../../detectors/index.ts";
import type { KmsEvent } from "../../src/cloudtrail/event.ts";
import { nothingDeclared } from "../../src/detection/declarations.ts";
import type { EngineOptions } from "../../src/detection/engine.ts";
import { configureDetectors, detectionOptions } from "../../src/detection/options.ts";
import type { Mute } from "../../src/detection/suppression.ts";
import { type Detected, detect, detectWithRestarts } from "../support/detection.ts";
import {
  ACCOUNT,
  event,
  hours,
  inHour,
  KEY,
  key,
  keyArn,
  principal,
  START_MS,
} from "../support/events.ts";

const HOUR_MS = 3_600_000;
/** Midnight, around which everything happens. */
const NIGHT = 5 * 24;
const BUDGET = 3;
const payments = keyArn(1);
const vault = keyArn(2);
const own = principal("keyhawk");

const habit = hours(0, NIGHT + 30).flatMap((hour) => [
  ...inHour(hour, 3),
  event({ hour, keys: [{ ...key(payments), alias: "alias/payments" }] }),
  event({ hour, principal: own }),
]);
/** Those of the window, and those of whom nobody can tell on which side of midnight they came first. */
const strangers = hours(0, 10).flatMap((number) => {
  const stranger = { principal: principal(`stranger-${number}`), keys: [key(KEY)] };
  return number < 3
    ? inHour(NIGHT - 2, 2, stranger)
    : [
        event({ ...stranger, hour: NIGHT - 1, second: 3570 }),
        event({ ...stranger, hour: NIGHT, second: 30 }),
      ];
});
/** A key whose declared alias is heard of in the very hour in which a stranger uses the key. */
const renaming = [
  event({ hour: NIGHT, second: 900, keys: [{ ...key(vault), alias: "alias/vault" }] }),
  event({ hour: NIGHT, second: 1200, principal: principal("guest"), keys: [key(vault)] }),
];
const trail: readonly KmsEvent[] = [
  ...habit,
  ...strangers,
  ...renaming,
  ...inHour(NIGHT + 2, 12, { principal: principal("guest"), keys: [key(payments)] }),
  ...inHour(NIGHT, 300),
  ...inHour(NIGHT + 25, 350),
  ...inHour(NIGHT + 1, 40, { principal: principal("emergency", { session: "ana" }) }),
  ...inHour(NIGHT + 2, 2, { principal: principal("emergency", { session: "eve" }) }),
  event({ hour: NIGHT + 1, principal: own, keys: [key(payments)] }),
  event({
    hour: NIGHT,
    name: "ScheduleKeyDeletion",
    operation: "admin",
    keys: [key(payments)],
    parameters: { pendingWindowInDays: 7 },
  }),
].sort((one, other) => one.timeMs - other.timeMs);

const expectedPrincipals = ["alias/payments", "alias/vault"].map((name) => ({
  key: name,
  principals: ["arn:aws:iam::*:role/app"],
  owner: "payments",
}));
const options: Partial<EngineOptions> = {
  detectors: configureDetectors(
    detectors,
    detectionOptions(detectors).parse({
      expectedPrincipals,
      breakGlass: [{ name: "e", principals: ["arn:aws:iam::*:role/emergency"], owner: "sec" }],
      detectors: {
        "decrypt-spike": { learningDays: 3, severity: { shift: -1 } },
        "unexpected-principal": {
          learningDays: 3,
          learningCalls: 10,
          budgetPerDay: BUDGET,
          severity: { cap: "informational" },
        },
      },
    }),
  ),
  accountOverrides: [{ account: ACCOUNT, detectors: { "unusual-hour": { shadow: true } } }],
  organization: {
    accounts: [ACCOUNT],
    approvedForeignAccounts: [],
    declarations: {
      ...nothingDeclared,
      sensitiveKeys: ["alias/payments"],
      expectedPrincipals,
      breakGlass: [
        {
          name: "e",
          principals: ["arn:aws:iam::*:role/emergency"],
          owner: "sec",
          allowed: "always",
          sessions: ["ana"],
        },
      ],
      changeWindows: [
        {
          name: "w",
          owner: "ops",
          reason: "patches",
          from: START_MS + (NIGHT - 2) * HOUR_MS,
          to: START_MS + (NIGHT - 1) * HOUR_MS,
          accounts: [ACCOUNT],
        },
      ],
      self: [{ principal: own.key, key: KEY }],
    },
  },
};

/** The spike of a night was accepted as normal: that of the next one, a little larger, is muted. */
const notes: Mute[] = [
  {
    id: "a-1",
    match: { detector: "decrypt-spike", principal: principal("app").key, account: ACCOUNT },
    owner: "mia",
    reason: "report",
    expiresMs: START_MS + (NIGHT + 300) * HOUR_MS,
    acceptance: {
      alertId: "a",
      fromMs: START_MS + (NIGHT + 24) * HOUR_MS,
      session: null,
      anyKey: true,
      observed: { decryptsPerHour: 400, decryptsPerFiveMinutes: 400 },
    },
  },
];

describe("law 1 holds for what a SOC configures", () => {
  const expected = outcome(detect([trail], options, notes));

  it("has something of everything to compare", () => {
    const alerts = [...expected.last.values()];
    const codes = new Set(alerts.flatMap(({ reasons }) => reasons.map(({ code }) => code)));
    const some = ["sensitive-key", "configured-shift", "configured-cap", "accepted", "not-listed"];
    expect([...codes]).toEqual(expect.arrayContaining([...some, "undeclared-session"]));
    expect(new Set(expected.muted.values())).toEqual(
      new Set(["change-window:w", "break-glass:e", "a-1"]),
    );
    expect(alerts.filter(({ detector }) => detector === "alert-budget")).toHaveLength(1);
    expect(expected.self).toBe(NIGHT + 30);
  });

  it("in any order of arrival within the lateness, in any batches, through any restarts", () => {
    fc.assert(
      fc.property(
        arrival(),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 3 }),
        (events, sizes) => {
          const batches = inBatches(events, sizes);
          expect(outcome(detect(batches, options, notes))).toEqual(expected);
          expect(outcome(detectWithRestarts(batches, options, notes))).toEqual(expected);
        },
      ),
      { numRuns: 8, endOnFailure: true },
    );
  });
});

/** Which alerts a budget held back is a matter of arrival, and nothing else is. */
function outcome({ last, muted, self }: Detected) {
  const lasting = [...muted].filter(([, by]) => !by.startsWith("budget:"));
  return { last, self, muted: new Map(lasting) };
}

function arrival(): fc.Arbitrary<KmsEvent[]> {
  const delays = { minLength: trail.length, maxLength: trail.length };
  return fc.array(fc.integer({ min: 0, max: HOUR_MS - 1 }), delays).map((given) =>
    trail
      .map((one, index) => ({ one, at: one.timeMs + (given[index] ?? 0) }))
      .sort((a, b) => a.at - b.at)
      .map(({ one }) => one),
  );
}

function inBatches(events: readonly KmsEvent[], sizes: readonly number[]): KmsEvent[][] {
  const batches: KmsEvent[][] = [];
  let at = 0;
  for (let index = 0; at < events.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    batches.push(events.slice(at, at + size));
    at += size;
  }
  return batches;
}
