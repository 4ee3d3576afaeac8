import type { ObjectPointer } from "../../cloudtrail/records.ts";
import { LearnedOrganization } from "../../detection/organization.ts";
import { engineOptionsOf } from "../../engine-options.ts";
import { nodePlatform } from "../../sources/node-platform.ts";
import { s3Options } from "../../sources/s3/s3-options.ts";
import { type Environment, readEnvironment } from "../environment.ts";
import type { SpreadDependencies } from "../spread.ts";
import { outsideOf, storeOf } from "./outside.ts";

/** What `spread` needs, out of its environment. */
export async function spreadDependencies(): Promise<SpreadDependencies> {
  const environment = await readEnvironment(process.env);
  const { detectors, organization } = engineOptionsOf(environment.config);
  return {
    ...outsideOf(environment),
    detectors,
    organization: new LearnedOrganization(organization, {}),
    store: storeOf(environment),
    read: await readOptionsOf(environment),
    fetchObject,
  };
}

async function readOptionsOf(environment: Environment) {
  const { limits } = environment.config;
  return {
    platform: nodePlatform,
    contextHashKey: await environment.contextHashKey(),
    maxOpenedBytes: limits.openedBytes.stream,
    maxRecordBytes: limits.recordBytes,
  };
}

async function fetchObject(pointer: ObjectPointer): Promise<Uint8Array> {
  // Only where notifications of log files come by the stream.
  const [{ fetchObject: fetch }, { s3Client }] = await Promise.all([
    import("../../sources/s3/fetch-object.ts"),
    import("../../sources/s3/s3-client.ts"),
  ]);
  const client = s3Client(s3Options(process.env));
  try {
    return await fetch(client, pointer);
  } finally {
    client.destroy();
  }
}
