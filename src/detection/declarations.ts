import { z } from "zod";
import { severities } from "./alert.ts";
import { zoneProblem } from "./local-time.ts";

const Words = z.string().trim().min(1);

/** Names things in `suppressedBy` and in alerts. */
const Name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
    error: "expected a name of letters, digits, dots, dashes and underscores, at most 64",
  })
  .describe("Short name; what it muted is listed under it.");

const KeySelector = z
  .string()
  .max(2048)
  .regex(
    /^(arn:[^\s:]+:kms:[^\s:]*:[\d*]*:(key|alias)\/\S+|alias\/\S+|\d{12}|(mrk-)?[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/,
    {
      error:
        "expected a key ARN, a key id, an alias (alias/NAME or its ARN) or an account id; * stands for anything in an ARN or alias",
    },
  )
  .describe(
    "Key ARN, key id, alias/NAME, alias ARN or account id; * in an ARN or alias matches anything.",
  );

const PrincipalPattern = z
  .string()
  .max(2048)
  .regex(/^(?!\**$)[^\s\p{Cc}]+$/u, {
    error:
      "expected a principal's ARN or a pattern with *, without spaces, that does not match everything",
  })
  .describe(
    "Role, user or service as in an alert's principal.key; ROLE-ARN#SESSION for one person; * matches anything.",
  );

const AccountPattern = z
  .string()
  .regex(/^(\d{12}|\d{0,11}\*\d{0,11})$/, {
    error: "expected an account id of 12 digits, or a pattern of digits and one *",
  })
  .describe("Account id; * matches anything.");

const Time = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })])
  .transform((text) => Date.parse(text));

const TimeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: "expected a time of day such as 22:00" });

const Weekly = z.strictObject({
  days: z
    .array(z.enum(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]))
    .min(1)
    .describe("Days on which it begins."),
  from: TimeOfDay,
  to: TimeOfDay.describe("Not included; earlier than `from`: on the next day."),
  timeZone: z
    .string()
    .refine((zone) => zoneProblem(zone) === undefined, {
      error: "expected a time zone such as Europe/Berlin",
    })
    .default("UTC")
    .describe("IANA time zone, whose clock changes it follows."),
});

function changeWindow(detectorIds: readonly string[]) {
  const DetectorId = z.string().refine((id) => detectorIds.includes(id), {
    error: "expected the id of a detector, as keyhawk detectors list has it",
  });
  return z
    .strictObject({
      name: Name,
      owner: Words.describe("Who answers for it."),
      reason: Words,
      from: Time.optional().describe("Event time from which it is open, or from which it recurs."),
      to: Time.optional().describe("Event time at which it ends."),
      weekly: Weekly.optional().describe(
        "When it recurs; without it, it is open from `from` to `to`.",
      ),
      accounts: z.array(AccountPattern).min(1).optional(),
      keys: z.array(KeySelector).min(1).optional(),
      principals: z.array(PrincipalPattern).min(1).optional(),
      detectors: z
        .array(DetectorId)
        .min(1)
        .optional()
        .describe("Detectors that it mutes; grave ones only where they are named here."),
    })
    .refine(
      ({ weekly, from, to }) => weekly !== undefined || (from !== undefined && to !== undefined),
      { error: "expected from and to, or weekly" },
    )
    .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
      error: "expected from before to",
    })
    .refine((window) => scopes.some((scope) => window[scope] !== undefined), {
      error: "expected at least one of accounts, keys, principals, detectors",
    });
}
/** When and for what alerts are kept, but sent to nobody. */
export type ChangeWindow = z.infer<ReturnType<typeof changeWindow>>;

const scopes = ["accounts", "keys", "principals", "detectors"] as const;

const ExpectedPrincipals = z.strictObject({
  key: KeySelector,
  principals: z.array(PrincipalPattern).min(1).describe("All who may use it."),
  owner: Words.describe("Who answers for the list."),
});
export type ExpectedPrincipals = z.infer<typeof ExpectedPrincipals>;

const BreakGlass = z.strictObject({
  name: Name,
  principals: z.array(PrincipalPattern).min(1),
  owner: Words.describe("Who is asked about its use."),
  allowed: z
    .enum(["always", "change-window"])
    .default("always")
    .describe("When it may be used: at any time, or while a change window that covers it is open."),
  keys: z.array(KeySelector).min(1).optional().describe("Keys it may use; by default all."),
  sessions: z
    .array(z.string().min(1).max(256))
    .min(1)
    .optional()
    .describe("Session names it may be used by, * matches anything; by default all."),
});
export type BreakGlass = z.infer<typeof BreakGlass>;

const KeyArn = z.string().regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/, {
  error: "expected the ARN of one key, without *",
});

const OwnUse = z
  .strictObject({
    principal: z
      .string()
      .regex(/^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[^\s*]+$/, {
        error: "expected the ARN of one role or user, without *",
      })
      .describe("Keyhawk's own role."),
    key: KeyArn.describe("The key it uses."),
    context: z
      .strictObject({
        keys: z
          .array(z.string().min(1))
          .min(1)
          .optional()
          .describe("Names in the encryption context, all of them and no others."),
        fingerprint: z
          .string()
          .regex(/^[0-9a-f]{16}$/, { error: "expected 16 hex digits" })
          .optional()
          .describe("Keyed hash of the whole context, of this installation."),
      })
      .refine(({ keys, fingerprint }) => keys !== undefined || fingerprint !== undefined, {
        error: "expected keys or fingerprint",
      })
      .optional()
      .describe("Encryption context; by default any."),
  })
  .describe("One use of one key by Keyhawk itself.");
export type OwnUse = z.infer<typeof OwnUse>;

/** What a severity may be held to, in this order: shift, floor, cap. */
export const SeverityAdjustment = z.strictObject({
  shift: z.int().min(-4).max(4).default(0).describe("Severities graver, or milder where negative."),
  floor: z.enum(severities).optional().describe("Never milder."),
  cap: z.enum(severities).optional().describe("Never graver."),
});
export type SeverityAdjustment = z.infer<typeof SeverityAdjustment>;

/** What may be set for a detector in the accounts that match. */
const Override = z.strictObject({
  enabled: z.boolean().optional().describe("false: its alerts are not made."),
  shadow: z.boolean().optional().describe("Keep its alerts, but send them to nobody."),
  severity: SeverityAdjustment.optional(),
});
export type Override = z.infer<typeof Override>;

/** Schemas of what is declared beside the detectors' own settings. */
export function declarationShape(detectorIds: readonly string[]) {
  const overrides = Object.fromEntries(detectorIds.map((id) => [id, Override.optional()]));
  return {
    expectedPrincipals: z
      .array(ExpectedPrincipals)
      .max(10_000)
      .default([])
      .describe("Who may use a key; anybody else is told of, with nothing learned."),
    sensitiveKeys: z
      .array(KeySelector)
      .max(10_000)
      .default([])
      .describe("Keys whose alerts are one severity graver."),
    breakGlass: z
      .array(BreakGlass)
      .max(1000)
      .default([])
      .superRefine(uniqueNames)
      .describe("Roles for emergencies: used as declared, one mild alert a day and no other."),
    changeWindows: z
      .array(changeWindow(detectorIds))
      .max(1000)
      .default([])
      .superRefine(uniqueNames)
      .describe("Times in which alerts are kept, but sent to nobody."),
    self: z
      .array(OwnUse)
      .max(1000)
      .default([])
      .describe("Keyhawk's own use of keys: counted, and nothing else."),
    accountOverrides: z
      .array(z.strictObject({ account: AccountPattern, detectors: z.strictObject(overrides) }))
      .max(1000)
      .default([])
      .describe("Settings of detectors in some accounts; later entries win."),
  };
}

function uniqueNames(
  named: readonly { readonly name: string }[],
  context: z.core.$RefinementCtx,
): void {
  const seen = new Set<string>();
  for (const [index, { name }] of named.entries()) {
    if (seen.has(name)) {
      context.issues.push({
        code: "custom",
        message: "another one is named so already; give each its own name",
        input: name,
        path: [index, "name"],
      });
    }
    seen.add(name);
  }
}

/** What is declared about keys, principals and times. */
export interface Declarations {
  readonly expectedPrincipals: readonly ExpectedPrincipals[];
  readonly sensitiveKeys: readonly string[];
  readonly breakGlass: readonly BreakGlass[];
  readonly changeWindows: readonly ChangeWindow[];
  readonly self: readonly OwnUse[];
}

export const nothingDeclared: Declarations = {
  expectedPrincipals: [],
  sensitiveKeys: [],
  breakGlass: [],
  changeWindows: [],
  self: [],
};
