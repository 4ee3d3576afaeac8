import { company } from "./company.ts";
import { Random } from "./random.ts";

/** A KMS key of a simulated trail. */
export interface TrailKey {
  readonly id: string;
  readonly arn: string;
  readonly accountId: string;
  readonly region: string;
  readonly alias: string;
}

/** A KMS key whose id follows from its account, Region and alias. */
export function trailKey(
  accountId: string,
  alias: string,
  region: string = company.region,
): TrailKey {
  const id = new Random(`key/${accountId}/${region}/${alias}`).uuid();
  return { id, arn: `arn:aws:kms:${region}:${accountId}:key/${id}`, accountId, region, alias };
}
