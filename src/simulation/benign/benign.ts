import { approvedVendor } from "./approved-vendor.ts";
import { autoscalingFleet } from "./autoscaling-fleet.ts";
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
import { featureRelease } from "./feature-release.ts";
import { growingService } from "./growing-service.ts";
import { identityCenter } from "./identity-center.ts";
import { jobRerun } from "./job-rerun.ts";
import { keyAdministration } from "./key-administration.ts";
import { keyRetirement } from "./key-retirement.ts";
import { keyhawkConsumer } from "./keyhawk-consumer.ts";
import { localTimeCron } from "./local-time-cron.ts";
import { logDelivery } from "./log-delivery.ts";
import { migration } from "./migration.ts";
import { monthEndJob } from "./month-end-job.ts";
import { newHire } from "./new-hire.ts";
import { newService } from "./new-service.ts";
import { nightlyJob } from "./nightly-job.ts";
import { onCall } from "./on-call.ts";
import { person } from "./person.ts";
import { postureScanner } from "./posture-scanner.ts";
import { previewEnvironment } from "./preview-environment.ts";
import { quarterlyJob } from "./quarterly-job.ts";
import { roundTheClockService } from "./round-the-clock-service.ts";
import { secretRefresh } from "./secret-refresh.ts";
import { secretRotation } from "./secret-rotation.ts";
import { serviceDriven } from "./service-driven.ts";
import { signingService } from "./signing-service.ts";
import { travellingPerson } from "./travelling-person.ts";
import { volumeGrants } from "./volume-grants.ts";
import { weeklyJob } from "./weekly-job.ts";
import type { BenignKind } from "./kind.ts";

/** Every benign behaviour, by name; a test compares the list with the folder. */
export const benignKinds: readonly BenignKind[] = [
  approvedVendor,
  autoscalingFleet,
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
  featureRelease,
  growingService,
  identityCenter,
  jobRerun,
  keyAdministration,
  keyRetirement,
  keyhawkConsumer,
  localTimeCron,
  logDelivery,
  migration,
  monthEndJob,
  newHire,
  newService,
  nightlyJob,
  onCall,
  person,
  postureScanner,
  previewEnvironment,
  quarterlyJob,
  roundTheClockService,
  secretRefresh,
  secretRotation,
  serviceDriven,
  signingService,
  travellingPerson,
  volumeGrants,
  weeklyJob,
];
