import { z } from "zod";
import { defineDetector } from "../src/detection/detector.ts";

const Options = z.strictObject({
  minimumScore: z
    .int()
    .min(20)
    .max(100)
    .default(52)
    .describe("Score that the signs about a principal must reach together."),
  leastSign: z
    .int()
    .min(1)
    .max(100)
    .default(20)
    .describe("Score below which a sign does not count."),
});

/**
 * Several detectors say something about one principal on one day, and together it is graver than each by itself.
 *
 * It judges alerts rather than events, once they are closed, so it counts no event; `src/detection/combination.ts` does the
 * work with the options given here.
 */
export const combinedSignals = defineDetector<null, null, null, z.infer<typeof Options>>({
  id: "combined-signals",
  version: 3,
  title: "Combined signals",
  entity: "principal",
  severity: "medium to critical",
  why: "A theft seldom shows in one number only. An odd hour, a new network and a few refused calls mean little each; all of them about one principal on one day mean a lot.",
  falsePositives: ["A person on call from another network.", "The first days of a new deployment."],
  knownGaps: [
    "Signs that are spread over several days.",
    "It is told when the hours of its signs are closed, so an hour or two after them.",
  ],
  triage: [
    "Read the single alerts about the principal on that day.",
    "Ask the principal's owner whether the whole of it makes sense.",
    "If nobody claims it, revoke the principal's sessions.",
  ],
  attack: [
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
  ],
  options: Options,
  accepts: () => false,
  newBaseline: () => null,
  newBucket: () => null,
  limits: () => null,
  add: () => {},
  subjects: () => [],
  level: () => -1,
  describe: () => {
    throw new Error("combined-signals: judges alerts, not events");
  },
  fold: () => {},
  skip: () => {},
});
