import { type SimulationOptions, simulate } from "../../../src/simulation/simulate.ts";
import type { CloudTrailRecord } from "../../../src/simulation/record.ts";
import type { Truth } from "../../../src/simulation/truth.ts";

export const smallMonth: SimulationOptions = {
  seed: 1,
  days: 10,
  firstMs: Date.parse("2026-01-05T00:00:00Z"),
  principals: 30,
  accounts: 3,
  attacks: 12,
  attacksFrom: 7,
  scale: 0.3,
  kmsOnly: false,
  strength: "mixed",
};

/** All records of a simulation, and the truth about them. */
export function monthOf(options: Partial<SimulationOptions> = {}): {
  records: CloudTrailRecord[];
  truth: Truth;
} {
  const simulation = simulate({ ...smallMonth, ...options });
  const records = [...simulation.hours()].flatMap((hour) => hour.records);
  return { records, truth: simulation.truth() };
}

/** Those of a role, by a part of its ARN. */
export function recordsOf(records: readonly CloudTrailRecord[], role: string): CloudTrailRecord[] {
  return records.filter(({ userIdentity }) => JSON.stringify(userIdentity).includes(role));
}
