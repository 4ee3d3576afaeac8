import { join } from "node:path";
import { App, Validations } from "aws-cdk-lib";
import { Code } from "aws-cdk-lib/aws-lambda";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import { AwsSolutionsChecks } from "cdk-nag";
import { bundleFunction, bundleFunctions, type FunctionName } from "./bundle.ts";
import { TrailBucket } from "./constructs/trail-bucket.ts";
import { readKeyhawkConfiguration } from "./keyhawk-configuration.ts";
import type { IngestSettings, Settings } from "./settings.ts";
import { sizedServerless, sizedSource } from "./sizing.ts";
import { IngestStack } from "./stacks/ingest-stack.ts";
import { SenderStack } from "./stacks/sender-stack.ts";
import { ServerlessStack } from "./stacks/serverless-stack.ts";
import { WorkerStack } from "./stacks/worker-stack.ts";

/** The stacks of one deployment. */
export interface Deployment {
  readonly ingest: IngestStack;
  /** For each account and Region that sends; none where the stream exists already. */
  readonly sender: SenderStack | undefined;
  readonly serverless?: ServerlessStack;
  readonly worker?: WorkerStack;
}

/** Folders of what is deployed, made when asked for. */
export interface Packages {
  handler(name: FunctionName): string;
  program(): string;
}

/** An app that is held to AWS's own rules (cdk-nag's AwsSolutions) when it is synthesised. */
export function checkedApp(outdir?: string): App {
  const app = new App({
    ...(outdir !== undefined && { outdir }),
    context: {
      "@aws-cdk/core:defaultCrossStackReferences": "strong",
      "@aws-cdk/aws-iam:minimizePolicies": true,
    },
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}

/** Puts the stacks that the settings ask for into an app. Throws `ConfigError` for a configuration that cannot be deployed. */
export function addDeployment(
  app: App,
  settings: Settings,
  packages: Packages = bundledPackages(),
): Deployment {
  const { name, account, region } = settings;
  const ingestSettings = sizedIngest(settings);
  const env = { account, region };
  const ingest = new IngestStack(app, `${name}-ingest`, {
    env,
    name,
    ingest: ingestSettings,
    operationsEmails: settings.operationsEmails,
  });
  const sender = addSender(app, settings);
  const common = {
    env,
    name,
    ingest,
    document: readKeyhawkConfiguration(settings.configuration),
    alertEmails: settings.alertEmails,
    secretKeyArns: settings.secretKeyArns,
    logRetention: logRetentions[settings.logRetentionDays],
    trailBucket: trailBucketOf(ingestSettings),
  };
  if (settings.shape === "worker") {
    const worker = new WorkerStack(app, `${name}-worker`, {
      ...common,
      settings: settings.worker,
      programFolder: packages.program(),
    });
    return { ingest, sender, worker };
  }
  const serverless = new ServerlessStack(app, `${name}-serverless`, {
    ...common,
    settings: sizedServerless(settings.serverless, settings.eventsPerDay),
    code: (handler) => Code.fromAsset(packages.handler(handler)),
  });
  return { ingest, sender, serverless };
}

function sizedIngest({ ingest, eventsPerDay }: Settings): IngestSettings {
  if (ingest.route === "existing") return ingest;
  return { ...ingest, stream: sizedSource(ingest.stream, eventsPerDay) };
}

/** Of no account and Region in particular, so that one template serves all of them. */
function addSender(app: App, { name, account, region, ingest }: Settings): SenderStack | undefined {
  if (ingest.route === "existing") return undefined;
  return new SenderStack(app, `${name}-sender`, { name, receiver: { account, region }, ingest });
}

const logRetentions = {
  30: RetentionDays.ONE_MONTH,
  60: RetentionDays.TWO_MONTHS,
  90: RetentionDays.THREE_MONTHS,
  180: RetentionDays.SIX_MONTHS,
  365: RetentionDays.ONE_YEAR,
  731: RetentionDays.TWO_YEARS,
} as const;

function trailBucketOf(ingest: IngestSettings): TrailBucket | undefined {
  if (ingest.route !== "objects") return undefined;
  const { bucket, region, keyArn } = ingest.sender;
  return new TrailBucket({ bucket, region, keyArn });
}

function bundledPackages(): Packages {
  const into = join(import.meta.dirname, "../out/bundles");
  let handlers: ReturnType<typeof bundleFunctions> | undefined;
  return {
    handler: (name) => (handlers ??= bundleFunctions(into))[name].folder,
    program: () =>
      bundleFunction(into, "worker", join(import.meta.dirname, "../src/main.ts")).folder,
  };
}
