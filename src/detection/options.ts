import { z } from "zod";
import { type Declarations, declarationShape, SeverityAdjustment } from "./declarations.ts";
import type { Detector } from "./detector.ts";
import type { AccountOverride } from "./grading.ts";
import type { ConfiguredDetector } from "./memory.ts";

/** Settings that every detector has beside its own options. */
const common = {
  enabled: z.boolean().default(true).describe("Whether it runs at all."),
  shadow: z.boolean().default(false).describe("Keep its alerts, but send them to nobody."),
  severity: SeverityAdjustment.optional().describe("How grave its alerts are taken."),
  budgetPerDay: z
    .int()
    .min(1)
    .max(100_000)
    .describe(
      "Alerts of a UTC day beyond which those below high are kept and not sent, with one notice that says so.",
    ),
};
/** Alerts of one detector that people can still look at on one day. */
const BUDGET = 50;
/** What is grave comes seldom, and in numbers only when it is real. */
const GRAVE_BUDGET = 500;

/** Schema of the configuration's `detection` part for the detectors that ship; every setting has a default. */
export function detectionOptions(detectors: readonly Detector[]) {
  const byDetector = detectors.map(({ id, title, options, grave }) => {
    if (!(options instanceof z.ZodObject)) throw new TypeError(`${id}: options must be an object`);
    const budgetPerDay = common.budgetPerDay.default(grave === true ? GRAVE_BUDGET : BUDGET);
    const all = options.extend({ ...common, budgetPerDay });
    return [id, all.prefault({}).describe(title)] as const;
  });
  return z.strictObject({
    latenessMinutes: z
      .int()
      .min(1)
      .max(1440)
      .default(60)
      .describe(
        "How far out of event-time order a record may arrive and still count fully; whole hours, rounded up.",
      ),
    deduplicationHours: z
      .int()
      .min(2)
      .max(168)
      .default(6)
      .describe(
        "How long copies of one call are recognised, hours of event time; older records count as late.",
      ),
    detectors: z
      .strictObject(Object.fromEntries(byDetector))
      .prefault({})
      .describe("Settings of each detector."),
    ...declarationShape(detectors.map(({ id }) => id)),
  });
}

/** What `detectionOptions` gives. */
export interface DetectionOptions extends Declarations {
  readonly latenessMinutes: number;
  readonly deduplicationHours: number;
  readonly detectors: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly accountOverrides: readonly AccountOverride[];
}

/** The detectors that are to run, each with its own options; those that need a declaration, where there is one. */
export function configureDetectors(
  detectors: readonly Detector[],
  options: DetectionOptions,
): ConfiguredDetector[] {
  const configured: ConfiguredDetector[] = [];
  for (const detector of detectors) {
    const { enabled, shadow, severity, budgetPerDay, ...own } =
      options.detectors[detector.id] ?? {};
    if (enabled === false) continue;
    const { declarations } = detector;
    if (declarations?.every((declared) => options[declared].length === 0) === true) continue;
    configured.push({
      detector,
      options: detector.options.parse(own),
      shadow: shadow === true,
      severity: SeverityAdjustment.optional().parse(severity),
      budgetPerDay: typeof budgetPerDay === "number" ? budgetPerDay : undefined,
    });
  }
  return configured;
}
