import { LearnedOrganization } from "../../detection/organization.ts";
import { engineOptionsOf } from "../../engine-options.ts";
import type { DetectDependencies } from "../detect.ts";
import { EntityCache } from "../entity-cache.ts";
import { type Environment, readEnvironment } from "../environment.ts";
import { outsideOf, storeOf } from "./outside.ts";

/** Share of a function's memory that entities kept warm may take. */
const CACHE_SHARE = 0.35;
const DEFAULT_MEMORY_MIB = 1024;

/** What `detect` needs, out of its environment. */
export async function detectDependencies(): Promise<DetectDependencies> {
  return foldingOf(await readEnvironment(process.env));
}

/** What folding into entities needs. */
export function foldingOf(environment: Environment) {
  const options = engineOptionsOf(environment.config);
  const organization = new LearnedOrganization(options.organization, {});
  // Set by Lambda.
  const memoryMib = Number(process.env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]) || DEFAULT_MEMORY_MIB;
  return {
    ...outsideOf(environment),
    store: storeOf(environment),
    cache: new EntityCache(memoryMib * 2 ** 20 * CACHE_SHARE),
    options: {
      engine: { ...options, learnUntilMs: undefined, replay: false },
      organization,
      notes: { current: [] },
      heard: { current: [] },
      before: { learnedUntilMs: Number.NEGATIVE_INFINITY },
    },
  };
}
