import { z } from "zod";

/** Version of the lines that `baseline export` writes; raised when an older Keyhawk could not read them. */
export const baselineFileVersion = 1;

/** Most bytes of a file that is imported: it is kept in memory until it is written in one piece. */
export const mostBaselineBytes = 512 * 1024 * 1024;

const Hour = z.int().min(-1).max(100_000_000);

const OpenHour = z.looseObject({
  hour: Hour,
  /** Not written of the newest hour, see `writeMemory`. */
  limits: z.unknown().optional(),
  bucket: z.union([z.null(), z.looseObject({})]),
});

const OpenAlert = z.looseObject({
  alertId: z.string().regex(/^[0-9a-f-]{1,40}$/),
  detector: z.string(),
  subject: z.string(),
  period: z.enum(["hour", "day", "once", "silence"]),
  start: Hour,
  level: z.int(),
  past: z.union([z.null(), z.looseObject({ reasons: z.array(z.looseObject({})) })]),
});

const DetectorMemory = z.looseObject({
  v: z.int(),
  b: z.unknown(),
  h: z.array(OpenHour).max(64).refine(hasNoGaps, "expected hours without gaps"),
});

/** The memory of one entity, as the engine writes it. */
export const LearnedMemory = z.looseObject({
  v: z.literal(1),
  top: Hour,
  d: z.record(z.string(), DetectorMemory),
  a: z.array(z.tuple([z.string(), OpenAlert])),
});
export type LearnedMemory = z.infer<typeof LearnedMemory>;

/** A sign of a detector below each ceiling, null where there is none. */
const Sign = z.looseObject({ alertId: z.string(), score: z.number() });

/** The engine's own state, as far as it is told from another one here. */
export const LearnedState = z.looseObject({
  watermarkMs: z.number(),
  accounts: z.record(z.string(), Hour),
  open: z.array(z.string()),
  combination: z
    .array(
      z.tuple([
        z.string(),
        z.looseObject({
          day: z.int(),
          principal: z.looseObject({ key: z.string() }),
          signs: z.record(z.string(), z.array(Sign.nullable())),
          level: z.int(),
        }),
      ]),
    )
    .optional(),
  aliases: z.record(z.string(), z.record(z.string(), Hour)).optional(),
});
export type LearnedState = z.infer<typeof LearnedState>;

const Header = z.strictObject({
  kind: z.literal("baseline"),
  schemaVersion: z.literal(baselineFileVersion),
  /** Newest event time. */
  learnedUntil: z.iso.datetime(),
  /** The secret of context fingerprints, where it is carried. */
  contextHashKey: z.union([
    z.null(),
    z.base64().refine((text) => Buffer.from(text, "base64").length === 16, "expected 16 bytes"),
  ]),
});

const Engine = z.strictObject({ kind: z.literal("engine"), state: LearnedState });

const Calls = z.strictObject({
  kind: z.literal("calls"),
  hour: Hour,
  ids: z
    .base64()
    .refine((text) => Buffer.from(text, "base64").length % 8 === 0, "expected 8 bytes for each"),
});

const Memory = z.strictObject({
  kind: z.literal("memory"),
  entity: z.string().regex(/^(principal|key|account):[^]+$/),
  memory: LearnedMemory,
});

const text = z.string().min(1).max(4096);

const Acceptance = z.strictObject({
  kind: z.literal("acceptance"),
  id: z.string().regex(/^a-[0-9a-f]{1,16}$/),
  match: z.strictObject({
    detector: text,
    principal: text.optional(),
    key: text.optional(),
    account: text.optional(),
  }),
  owner: text,
  reason: text,
  expiresMs: z.number(),
  createdMs: z.number(),
  acceptance: z.strictObject({
    alertId: z.string().regex(/^[0-9a-f-]{1,40}$/),
    fromMs: z.number(),
    session: z.string().nullable(),
    anyKey: z.boolean(),
    observed: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
  }),
});

const End = z.strictObject({ kind: z.literal("end"), memories: z.int(), calls: z.int() });

/**
 * One line of the file: first `baseline`, then `engine`, `acceptance`, `calls` and `memory` in any number, at last `end`.
 */
export const BaselineLine = z.discriminatedUnion("kind", [
  Header,
  Engine,
  Acceptance,
  Calls,
  Memory,
  End,
]);
export type BaselineLine = z.infer<typeof BaselineLine>;

function hasNoGaps(hours: readonly { readonly hour: number }[]): boolean {
  const first = hours[0]?.hour ?? 0;
  return hours.every(({ hour }, index) => hour === first + index);
}
