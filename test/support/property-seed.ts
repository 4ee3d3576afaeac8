import * as fc from "fast-check";

/**
 * Property tests look at other inputs on each run at a desk, and at the same ones in a check that decides on a change: whether
 * it lands must not depend on chance. `PROPERTY_SEED` picks the inputs of one run.
 */
const seed =
  process.env["PROPERTY_SEED"] ?? (process.env["CI"] === "true" ? "20261122" : undefined);
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });
