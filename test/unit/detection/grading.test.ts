import { describe, expect, it } from "vitest";
import { detectors } from "../../../detectors/index.ts";
import type { Alert } from "../../../src/detection/alert.ts";
import {
  type BreakGlass,
  type ChangeWindow,
  type Declarations,
  nothingDeclared,
} from "../../../src/detection/declarations.ts";
import { Grader, type GradingOptions } from "../../../src/detection/grading.ts";
import { configureDetectors, detectionOptions } from "../../../src/detection/options.ts";
import { LearnedOrganization } from "../../../src/detection/organization.ts";
import { acceptedObservations, type Mute } from "../../../src/detection/suppression.ts";
import { alertOf } from "../../support/commits.ts";

const alert = alertOf();
const at = Date.parse(alert.eventTime);
const key = alert.kmsKey?.arn ?? "";
const role = alert.principal?.key ?? "";
const HOUR_MS = 3_600_000;
const other = "arn:aws:kms:eu-west-1:111122223333:key/ffffffff-1111-2222-3333-444455556666";

describe("the severity of an alert", () => {
  it.each<[string, Setup, Alert, string, string[]]>([
    [
      "is raised by one where its key is declared sensitive",
      { sensitiveKeys: [key] },
      alert,
      "critical",
      ["sensitive-key"],
    ],
    [
      "is raised where one of several keys is",
      { sensitiveKeys: [key] },
      alertOf({ kmsKey: null, score: 30 }),
      "medium",
      ["sensitive-key"],
    ],
    ["is not for other keys", { sensitiveKeys: [other] }, alert, "high", []],
    [
      "is not twice for a sum of signs, which were raised one by one",
      { sensitiveKeys: [key] },
      alertOf({ detector: "combined-signals" }),
      "high",
      [],
    ],
    [
      "is as configured for its detector",
      { settings: { "decrypt-spike": { severity: { cap: "low" } } } },
      alert,
      "low",
      ["configured-cap"],
    ],
    [
      "is not as configured for another",
      { settings: { "slow-drift": { severity: { cap: "low" } } } },
      alert,
      "high",
      [],
    ],
    [
      "is as overridden in its account",
      override("1111*", { severity: { shift: -1 } }),
      alert,
      "medium",
      ["configured-shift"],
    ],
    [
      "is not as overridden in another",
      override("4444*", { severity: { shift: -1 } }),
      alert,
      "high",
      [],
    ],
    [
      "of a sensitive key is raised from what is configured",
      { sensitiveKeys: [key], settings: { "decrypt-spike": { severity: { cap: "low" } } } },
      alert,
      "medium",
      ["configured-cap", "sensitive-key"],
    ],
  ])("%s", (_claim, setup, given, severity, codes) => {
    const graded = grader(setup).grade(given, [key]);
    expect(graded.severity).toBe(severity);
    expect(graded.reasons.slice(1).map(({ code }) => code)).toEqual(codes);
    const sum = graded.reasons.reduce((total, { weight }) => total + weight, 0);
    expect(sum).toBeCloseTo(graded.score / 100, 6);
  });

  it("is raised for a key declared by alias once the alias was known two hours before", () => {
    const aliasArn = "arn:aws:kms:eu-west-1:111122223333:alias/payments";
    const hour = Math.floor(at / HOUR_MS);
    const severities = [hour - 2, hour - 1].map((seen) => {
      const setup = { sensitiveKeys: ["alias/pay*"], aliases: { [key]: { [aliasArn]: seen } } };
      return grader(setup).grade(alert).severity;
    });
    expect(severities).toEqual(["critical", "high"]);
  });
});

const window: ChangeWindow = {
  name: "patch",
  owner: "ops",
  reason: "patches",
  from: at - HOUR_MS,
  to: at + HOUR_MS,
  accounts: ["111122223333"],
};
const emergency: BreakGlass = {
  name: "root",
  principals: [role],
  owner: "security",
  allowed: "always",
};
const suppression: Mute = { id: "s1", match: { principal: role }, expiresMs: at + 1 };
const destruction = alertOf({ detector: "key-destruction" });
const named = (detector: string) => ({ ...window, detectors: [detector] });
const permissionSet = (session: string) =>
  alertOf({
    principal: {
      key: "arn:aws:iam::111122223333:role/AWSReservedSSO_Ops_1",
      type: "AssumedRole",
      accountId: "111122223333",
      name: "AWSReservedSSO_Ops_1",
      session,
      via: null,
    },
  });

describe("what becomes of an alert", () => {
  it.each<[string, Setup, Alert, string]>([
    ["is told", {}, alert, "told"],
    [
      "in a change window is muted by it",
      { changeWindows: [window] },
      alert,
      "change-window:patch",
    ],
    ["after the window is told", { changeWindows: [{ ...window, to: at }] }, alert, "told"],
    [
      "that fires in a window and goes on after it is told",
      { changeWindows: [window] },
      alertOf({ window: { start: "2026-03-14T02:00:00Z", end: "2026-03-14T09:00:00Z" } }),
      "told",
    ],
    [
      "about a whole day that fires in a window is muted",
      { changeWindows: [window] },
      alertOf({ window: { start: "2026-03-14T00:00:00Z", end: "2026-03-15T00:00:00Z" } }),
      "change-window:patch",
    ],
    [
      "about another account is told",
      { changeWindows: [{ ...window, accounts: ["2*"] }] },
      alert,
      "told",
    ],
    [
      "of a detector that the window does not name is told",
      { changeWindows: [named("slow-drift")] },
      alert,
      "told",
    ],
    [
      "of a detector that it names is muted",
      { changeWindows: [named("decrypt-spike")] },
      alert,
      "change-window:patch",
    ],
    [
      "of a grave detector is told in spite of a window",
      { changeWindows: [window] },
      destruction,
      "told",
    ],
    [
      "of a grave detector that the window names is muted",
      { changeWindows: [named("key-destruction")] },
      destruction,
      "change-window:patch",
    ],
    [
      "about a break-glass role used as declared is muted",
      { breakGlass: [emergency] },
      alert,
      "break-glass:root",
    ],
    [
      "about another role is told",
      { breakGlass: [{ ...emergency, principals: ["arn:aws:iam::*:role/x"] }] },
      alert,
      "told",
    ],
    [
      "that tells of the use itself is told",
      { breakGlass: [emergency] },
      alertOf({ detector: "break-glass" }),
      "told",
    ],
    [
      "of a grave detector about that role is told",
      { breakGlass: [emergency] },
      destruction,
      "told",
    ],
    [
      "about an undeclared key of that role is told",
      { breakGlass: [{ ...emergency, keys: [other] }] },
      alert,
      "told",
    ],
    [
      "about keys that are not known is told where keys are declared",
      { breakGlass: [{ ...emergency, keys: [key] }] },
      alertOf({ kmsKey: null }),
      "told",
    ],
    [
      "about an undeclared session of that role is told",
      { breakGlass: [{ ...emergency, sessions: ["ana"] }] },
      alert,
      "told",
    ],
    [
      "about a declared person is muted",
      { breakGlass: [{ ...emergency, principals: ["arn:aws:iam::*:role/AWSReservedSSO_*#ana"] }] },
      permissionSet("ana"),
      "break-glass:root",
    ],
    [
      "about another person of the role is told",
      { breakGlass: [{ ...emergency, principals: ["arn:aws:iam::*:role/AWSReservedSSO_*#ana"] }] },
      permissionSet("bo"),
      "told",
    ],
    [
      "about that role without its change window is told",
      { breakGlass: [{ ...emergency, allowed: "change-window" }] },
      alert,
      "told",
    ],
    ["that is suppressed is muted", { notes: [suppression] }, alert, "s1"],
    [
      "after the suppression is told",
      { notes: [{ ...suppression, expiresMs: at }] },
      alert,
      "told",
    ],
    [
      "of a detector in the shadow is kept",
      { settings: { "decrypt-spike": { shadow: true } } },
      alert,
      "shadow",
    ],
    ["in the shadow of its account is kept", override("*", { shadow: true }), alert, "shadow"],
    [
      "out of a shadow that its account lifts is told",
      { ...override("*", { shadow: false }), settings: { "decrypt-spike": { shadow: true } } },
      alert,
      "told",
    ],
    [
      "switched off in its account is not made",
      override("111122223333", { enabled: false }),
      alert,
      "off",
    ],
    [
      "switched off in another is told",
      override("444455556666", { enabled: false }),
      alert,
      "told",
    ],
    [
      "about no account is told",
      override("*", { enabled: false }),
      alertOf({ accountId: null }),
      "told",
    ],
  ])("%s", (_claim, setup, given, expected) => {
    const standing = grader(setup).standing(given);
    expect(standing.kind === "muted" ? standing.by : standing.kind).toBe(expected);
  });

  it("is what the last override that matches says", () => {
    const overrides = [
      { account: "*", detectors: { "decrypt-spike": { enabled: false } } },
      { account: "1111*", detectors: { "decrypt-spike": { enabled: true } } },
    ];
    expect(grader({ overrides }).standing(alert).kind).toBe("told");
    expect(grader({ overrides: overrides.toReversed() }).standing(alert).kind).toBe("off");
  });
});

describe("an alert like one that was accepted as normal", () => {
  const accepted: Mute = {
    id: "a-1",
    match: { detector: "decrypt-spike", principal: role, key, account: "111122223333" },
    owner: "mia",
    reason: "new report",
    expiresMs: at + HOUR_MS,
    acceptance: {
      alertId: "a0",
      fromMs: at,
      session: null,
      anyKey: false,
      observed: acceptedObservations(alert, 1.25),
    },
  };
  const notes = [accepted];

  it.each<[string, Alert, boolean]>([
    ["the same numbers", alert, true],
    ["a little more of it", alertOf({ observed: { decryptsPerHour: 1015 } }), true],
    ["much more of it", alertOf({ observed: { decryptsPerHour: 1016 } }), false],
    ["another number", alertOf({ observed: { decryptsPerDay: 10 } }), false],
    ["one number more", alertOf({ observed: { decryptsPerHour: 10, keys: 1 } }), false],
    ["another detector", alertOf({ detector: "slow-drift" }), false],
    ["another principal", permissionSet("ana"), false],
    ["no principal", alertOf({ principal: null }), false],
    ["another key", alertOf({ kmsKey: { arn: other, accountId: "", region: "" } }), false],
    ["no key", alertOf({ kmsKey: null }), false],
    ["the hour before", alertOf({ eventTime: "2026-03-14T02:11:08Z" }), false],
    ["when it has expired", alertOf({ eventTime: "2026-03-14T03:11:09Z" }), false],
  ])("with %s is muted: %o", (_claim, given, isMuted) => {
    const { standing, graded } = judged({ notes }, given);
    expect(standing).toEqual(isMuted ? { kind: "muted", by: "a-1" } : { kind: "told" });
    expect(graded.score).toBe(isMuted ? 5 : given.score);
  });

  it("says by whom, until when and why, and its weights still add up", () => {
    const { graded } = judged({ notes }, alert);
    expect(graded.reasons.at(-1)).toEqual({
      code: "accepted",
      text: "Accepted as normal by mia until 2026-03-14: new report",
      weight: -0.7,
    });
  });

  it("of one person in a shared role is not that of another", () => {
    const note = {
      ...accepted,
      match: { ...accepted.match, principal: permissionSet("ana").principal?.key },
      acceptance: {
        alertId: "a0",
        fromMs: at,
        session: "ana",
        anyKey: false,
        observed: { decryptsPerHour: 812 },
      },
    };
    expect(judged({ notes: [note] }, permissionSet("ana")).standing.kind).toBe("muted");
    expect(judged({ notes: [note] }, permissionSet("bo")).standing.kind).toBe("told");
  });

  it("on any key is muted on each, and still for its principal only", () => {
    const { principal, account, detector } = accepted.match;
    const acceptance = accepted.acceptance && { ...accepted.acceptance, anyKey: true };
    const note = { ...accepted, match: { detector, principal, account }, acceptance };
    const elsewhere = alertOf({ kmsKey: { arn: other, accountId: "", region: "" } });
    const kinds = [alert, elsewhere, alertOf({ kmsKey: null }), alertOf({ principal: null })].map(
      (given) => judged({ notes: [note] }, given).standing.kind,
    );
    expect(kinds).toEqual(["muted", "muted", "muted", "told"]);
  });

  it("must be at the same hour of the day, whatever the factor", () => {
    expect(
      acceptedObservations(alertOf({ observed: { hourOfDay: 3, calls: 2, who: "x" } }), 2),
    ).toEqual({
      hourOfDay: 3,
      calls: 7,
      who: "x",
    });
  });
});

interface Setup extends Partial<Declarations> {
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly overrides?: GradingOptions["accountOverrides"];
  readonly notes?: readonly Mute[];
  readonly aliases?: Record<string, Record<string, number>>;
}

function grader({ settings = {}, overrides, notes = [], aliases, ...declared }: Setup): Grader {
  const declarations = { ...nothingDeclared, ...declared };
  const options = detectionOptions(detectors).parse({ detectors: settings });
  const organization = new LearnedOrganization(
    { accounts: [], approvedForeignAccounts: [], declarations },
    {},
    aliases,
  );
  const configured = configureDetectors(detectors, options);
  const made = new Grader(
    { detectors: configured, accountOverrides: overrides, declarations, openHours: 2 },
    organization,
  );
  made.useNotes(notes);
  return made;
}

function judged(setup: Setup, given: Alert) {
  const own = grader(setup);
  return { standing: own.standing(given), graded: own.grade(given) };
}

function override(account: string, setting: object): Setup {
  return { overrides: [{ account, detectors: { "decrypt-spike": setting } }] };
}
