import { aliasRepointed } from "./alias-repointed.ts";
import { batchWrongHour } from "./batch-wrong-hour.ts";
import { customKeyStore } from "./custom-key-store.ts";
import { deniedProbing } from "./denied-probing.ts";
import { deniedThenAllowed } from "./denied-then-allowed.ts";
import { directUse } from "./direct-use.ts";
import { dormantKey } from "./dormant-key.ts";
import { dormantPrincipal } from "./dormant-principal.ts";
import { dryRunProbing } from "./dry-run-probing.ts";
import { enumeration } from "./enumeration.ts";
import { foreignInbound } from "./foreign-inbound.ts";
import { foreignKeyEncryption } from "./foreign-key-encryption.ts";
import { grantBurst } from "./grant-burst.ts";
import { grantToOutsider } from "./grant-to-outsider.ts";
import { identityCenterContext } from "./identity-center-context.ts";
import { importedMaterial } from "./imported-material.ts";
import { insiderSpike } from "./insider-spike.ts";
import { keyDeletion } from "./key-deletion.ts";
import { keyDisabled } from "./key-disabled.ts";
import { keyWideRise } from "./key-wide-rise.ts";
import { longTermKey } from "./long-term-key.ts";
import { massKeyDeletion } from "./mass-key-deletion.ts";
import { missingContext } from "./missing-context.ts";
import { newClient } from "./new-client.ts";
import { newNetwork } from "./new-network.ts";
import { newPairInFamily } from "./new-pair-in-family.ts";
import { newPrincipalExclusiveKey } from "./new-principal-exclusive-key.ts";
import { newRegion } from "./new-region.ts";
import { newSigner } from "./new-signer.ts";
import { offHoursPerson } from "./off-hours-person.ts";
import { parametersFanOut } from "./parameters-fan-out.ts";
import { poisonedBaseline } from "./poisoned-baseline.ts";
import { policyBackdoor } from "./policy-backdoor.ts";
import { policyLockout } from "./policy-lockout.ts";
import { ransomChain } from "./ransom-chain.ts";
import { reEncryptSweep } from "./re-encrypt-sweep.ts";
import { replicaRegion } from "./replica-region.ts";
import { revocationStorm } from "./revocation-storm.ts";
import { rootCryptography } from "./root-cryptography.ts";
import { rotationOff } from "./rotation-off.ts";
import { secondAccessKey } from "./second-access-key.ts";
import { secretsFanOut } from "./secrets-fan-out.ts";
import { sensorBlinded } from "./sensor-blinded.ts";
import { sensorSilent } from "./sensor-silent.ts";
import { signingSpike } from "./signing-spike.ts";
import { slowDrain } from "./slow-drain.ts";
import { stolenRoleDecrypt } from "./stolen-role-decrypt.ts";
import { unknownContext } from "./unknown-context.ts";
import { vendorOverreach } from "./vendor-overreach.ts";
import type { AttackKind } from "./stage.ts";

/** Every kind of attack, by name; a test compares the list with the folder. */
export const attackKinds: readonly AttackKind[] = [
  aliasRepointed,
  batchWrongHour,
  customKeyStore,
  deniedProbing,
  deniedThenAllowed,
  directUse,
  dormantKey,
  dormantPrincipal,
  dryRunProbing,
  enumeration,
  foreignInbound,
  foreignKeyEncryption,
  grantBurst,
  grantToOutsider,
  identityCenterContext,
  importedMaterial,
  insiderSpike,
  keyDeletion,
  keyDisabled,
  keyWideRise,
  longTermKey,
  massKeyDeletion,
  missingContext,
  newClient,
  newNetwork,
  newPairInFamily,
  newPrincipalExclusiveKey,
  newRegion,
  newSigner,
  offHoursPerson,
  parametersFanOut,
  poisonedBaseline,
  policyBackdoor,
  policyLockout,
  ransomChain,
  reEncryptSweep,
  replicaRegion,
  revocationStorm,
  rootCryptography,
  rotationOff,
  secondAccessKey,
  secretsFanOut,
  sensorBlinded,
  sensorSilent,
  signingSpike,
  slowDrain,
  stolenRoleDecrypt,
  unknownContext,
  vendorOverreach,
];
