import { detectors } from "../detectors/index.ts";
import type { Config } from "./config.ts";
import type { EngineOptions } from "./detection/engine.ts";
import { configureDetectors } from "./detection/options.ts";

/** What a configuration says of the engine, whatever drives it. */
export function engineOptionsOf(
  config: Pick<Config, "detection" | "organization" | "limits">,
): Omit<EngineOptions, "learnUntilMs" | "replay" | "sole"> {
  const { detection, organization, limits } = config;
  return {
    detectors: configureDetectors(detectors, detection),
    latenessHours: Math.ceil(detection.latenessMinutes / 60),
    deduplicationHours: detection.deduplicationHours,
    organization: {
      accounts: organization.accounts,
      approvedForeignAccounts: organization.approvedForeignAccounts.map(({ account, expires }) => ({
        account,
        expiresMs: expires === undefined ? undefined : Date.parse(expires),
      })),
      declarations: detection,
    },
    accountOverrides: detection.accountOverrides,
    entitiesInMemory: limits.entitiesInMemory,
  };
}
