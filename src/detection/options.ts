import { z } from "zod";
import type { Detector } from "./detector.ts";
import type { ConfiguredDetector } from "./memory.ts";

/** Settings that every detector has beside its own options. */
const common = {
  enabled: z.boolean().default(true).describe("Whether it runs at all."),
  shadow: z.boolean().default(false).describe("Keep its alerts, but send them to nobody."),
};

/** Schema of the configuration's `detection` part for the detectors that ship; every setting has a default. */
export function detectionOptions(detectors: readonly Detector[]) {
  const byDetector = detectors.map(({ id, title, options }) => {
    if (!(options instanceof z.ZodObject)) throw new TypeError(`${id}: options must be an object`);
    return [id, options.extend(common).prefault({}).describe(title)] as const;
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
  });
}

/** What `detectionOptions` gives. */
export interface DetectionOptions {
  readonly latenessMinutes: number;
  readonly deduplicationHours: number;
  readonly detectors: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The detectors that are to run, each with its own options. */
export function configureDetectors(
  detectors: readonly Detector[],
  options: DetectionOptions,
): ConfiguredDetector[] {
  const configured: ConfiguredDetector[] = [];
  for (const detector of detectors) {
    const { enabled, shadow, ...own } = options.detectors[detector.id] ?? { enabled: true };
    if (enabled === false) continue;
    configured.push({ detector, options: detector.options.parse(own), shadow: shadow === true });
  }
  return configured;
}
