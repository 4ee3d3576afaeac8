import type { Detector } from "../src/detection/detector.ts";
import { aliasRepointed } from "./alias-repointed.ts";
import { attestationMissing } from "./attestation-missing.ts";
import { breakGlass } from "./break-glass.ts";
import { combinedSignals } from "./combined-signals.ts";
import { contextFanOut } from "./context-fan-out.ts";
import { contextNovelty } from "./context-novelty.ts";
import { customKeyStoreChange } from "./custom-key-store-change.ts";
import { decryptSpike } from "./decrypt-spike.ts";
import { deniedProbing } from "./denied-probing.ts";
import { deniedThenAllowed } from "./denied-then-allowed.ts";
import { directUse } from "./direct-use.ts";
import { dormantKey } from "./dormant-key.ts";
import { dormantPrincipal } from "./dormant-principal.ts";
import { dryRunProbing } from "./dry-run-probing.ts";
import { enumeration } from "./enumeration.ts";
import { familyNewKey } from "./family-new-key.ts";
import { foreignAccount } from "./foreign-account.ts";
import { foreignEncryption } from "./foreign-encryption.ts";
import { grantStorm } from "./grant-storm.ts";
import { grantToOutsider } from "./grant-to-outsider.ts";
import { importedMaterial } from "./imported-material.ts";
import { keyDestruction } from "./key-destruction.ts";
import { keyRevived } from "./key-revived.ts";
import { keyWideRise } from "./key-wide-rise.ts";
import { longTermCredentials } from "./long-term-credentials.ts";
import { newAccessKey } from "./new-access-key.ts";
import { newContexts } from "./new-contexts.ts";
import { newKey } from "./new-key.ts";
import { newOperation } from "./new-operation.ts";
import { newOrigin } from "./new-origin.ts";
import { newSecrets } from "./new-secrets.ts";
import { newSigner } from "./new-signer.ts";
import { policyChange } from "./policy-change.ts";
import { ransomChain } from "./ransom-chain.ts";
import { reEncryptSweep } from "./re-encrypt-sweep.ts";
import { replicaInNewRegion } from "./replica-in-new-region.ts";
import { reservedContext } from "./reserved-context.ts";
import { rotationOff } from "./rotation-off.ts";
import { sensorBlinded } from "./sensor-blinded.ts";
import { sensorSilent } from "./sensor-silent.ts";
import { sessionShare } from "./session-share.ts";
import { slowDrift } from "./slow-drift.ts";
import { sustainedRise } from "./sustained-rise.ts";
import { unexpectedPrincipal } from "./unexpected-principal.ts";
import { unknownNetwork } from "./unknown-network.ts";
import { unlistedPrincipal } from "./unlisted-principal.ts";
import { unusedRegion } from "./unused-region.ts";
import { unusualHour } from "./unusual-hour.ts";

/** Every detector that ships, by name. `index.test.ts` compares the list with the folder. */
export const detectors: readonly Detector[] = [
  aliasRepointed,
  attestationMissing,
  breakGlass,
  combinedSignals,
  contextFanOut,
  contextNovelty,
  customKeyStoreChange,
  decryptSpike,
  deniedProbing,
  deniedThenAllowed,
  directUse,
  dormantKey,
  dormantPrincipal,
  dryRunProbing,
  enumeration,
  familyNewKey,
  foreignAccount,
  foreignEncryption,
  grantStorm,
  grantToOutsider,
  importedMaterial,
  keyDestruction,
  keyRevived,
  keyWideRise,
  longTermCredentials,
  newAccessKey,
  newContexts,
  newKey,
  newOperation,
  newOrigin,
  newSecrets,
  newSigner,
  policyChange,
  ransomChain,
  reEncryptSweep,
  replicaInNewRegion,
  reservedContext,
  rotationOff,
  sensorBlinded,
  sensorSilent,
  sessionShare,
  slowDrift,
  sustainedRise,
  unexpectedPrincipal,
  unknownNetwork,
  unlistedPrincipal,
  unusedRegion,
  unusualHour,
].map((detector) => detector as unknown as Detector);
