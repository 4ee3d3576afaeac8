import { ID_BYTES } from "../../src/lambda/call-coding.ts";
import { measured } from "./measured.ts";
import { daySeconds, type Workload } from "./workload.ts";

/** What the busiest principal or key asks of the parts that serve it alone, each as a share of what such a part can do. */
export interface HotEntity {
  readonly eventsPerSecond: number;
  /** Its bucket goes by one shard of the entity stream: 1 MB a second. */
  readonly shard: number;
  /** Its records are folded by one call at a time. */
  readonly fold: number;
  /** One partition of the table takes 1,000 write units a second: its item, and the identities of its calls. */
  readonly partition: number;
}

/** The busiest entity of a kind, at the average rate of the day. */
export function hotEntity(
  kind: "principal" | "key",
  workload: Workload,
  windowSeconds: number,
): HotEntity {
  const share = Math.max(...workload.shares[kind]);
  const eventsPerSecond = (workload.eventsPerDay / daySeconds) * share * measured.targets[kind];
  const itemUnits = (measured.itemBytes[kind] + measured.baseBytes[kind]) / 1024 + 2;
  const identityUnits = (eventsPerSecond * ID_BYTES) / 1024;
  return {
    eventsPerSecond,
    shard: (eventsPerSecond * measured.packed.hotBytesPerEvent) / 1e6,
    fold: (eventsPerSecond * measured.micros.foldPerTarget) / 1e6,
    partition: (itemUnits / windowSeconds + identityUnits) / 1000,
  };
}
