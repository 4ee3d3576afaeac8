import { adHocQuery } from "./ad-hoc-query.ts";
import { approvedVendor } from "./approved-vendor.ts";
import { autoscalingFleet } from "./autoscaling-fleet.ts";
import { backfill } from "./backfill.ts";
import { backup } from "./backup.ts";
import { breakGlass } from "./break-glass.ts";
import { brokenDeploy } from "./broken-deploy.ts";
import { bucketKeys } from "./bucket-keys.ts";
import { ciDeployment } from "./ci-deployment.ts";
import { clientUpgrade } from "./client-upgrade.ts";
import { configRecorder } from "./config-recorder.ts";
import { crossAccountReader } from "./cross-account-reader.ts";
import { deployedRole } from "./deployed-role.ts";
import { diurnalService } from "./diurnal-service.ts";
import { egressChange } from "./egress-change.ts";
import { featureRelease } from "./feature-release.ts";
import { federatedSession } from "./federated-session.ts";
import { growingService } from "./growing-service.ts";
import { identityCenter } from "./identity-center.ts";
import { incident } from "./incident.ts";
import { jobRerun } from "./job-rerun.ts";
import { keyAdministration } from "./key-administration.ts";
import { keyAdministrator } from "./key-administrator.ts";
import { keyAudit } from "./key-audit.ts";
import { keyCreation } from "./key-creation.ts";
import { keyEvent } from "./key-event.ts";
import { keyRetirement } from "./key-retirement.ts";
import { keyhawkConsumer } from "./keyhawk-consumer.ts";
import { leaderInstance } from "./leader-instance.ts";
import { localTimeCron } from "./local-time-cron.ts";
import { logDelivery } from "./log-delivery.ts";
import { longTermUser } from "./long-term-user.ts";
import { migration } from "./migration.ts";
import { monthEndJob } from "./month-end-job.ts";
import { newHire } from "./new-hire.ts";
import { newService } from "./new-service.ts";
import { nightlyJob } from "./nightly-job.ts";
import { onCall } from "./on-call.ts";
import { person } from "./person.ts";
import { podIdentity } from "./pod-identity.ts";
import { portalUser } from "./portal-user.ts";
import { postureScanner } from "./posture-scanner.ts";
import { previewEnvironment } from "./preview-environment.ts";
import { quarterlyJob } from "./quarterly-job.ts";
import { regionExpansion } from "./region-expansion.ts";
import { restoreTest } from "./restore-test.ts";
import { roundTheClockService } from "./round-the-clock-service.ts";
import { sandbox } from "./sandbox.ts";
import { secretRefresh } from "./secret-refresh.ts";
import { secretRotation } from "./secret-rotation.ts";
import { serviceDriven } from "./service-driven.ts";
import { signingService } from "./signing-service.ts";
import { tenantKeys } from "./tenant-keys.ts";
import { travellingPerson } from "./travelling-person.ts";
import { volumeGrants } from "./volume-grants.ts";
import { weeklyJob } from "./weekly-job.ts";
import type { BenignKind } from "./kind.ts";

/** Every benign behaviour, by name; a test compares the list with the folder. */
export const benignKinds: readonly BenignKind[] = [
  adHocQuery,
  approvedVendor,
  autoscalingFleet,
  backfill,
  backup,
  breakGlass,
  brokenDeploy,
  bucketKeys,
  ciDeployment,
  clientUpgrade,
  configRecorder,
  crossAccountReader,
  deployedRole,
  diurnalService,
  egressChange,
  featureRelease,
  federatedSession,
  growingService,
  identityCenter,
  incident,
  jobRerun,
  keyAdministration,
  keyAdministrator,
  keyAudit,
  keyCreation,
  keyEvent,
  keyRetirement,
  keyhawkConsumer,
  leaderInstance,
  localTimeCron,
  logDelivery,
  longTermUser,
  migration,
  monthEndJob,
  newHire,
  newService,
  nightlyJob,
  onCall,
  person,
  podIdentity,
  portalUser,
  postureScanner,
  previewEnvironment,
  quarterlyJob,
  regionExpansion,
  restoreTest,
  roundTheClockService,
  sandbox,
  secretRefresh,
  secretRotation,
  serviceDriven,
  signingService,
  tenantKeys,
  travellingPerson,
  volumeGrants,
  weeklyJob,
];
