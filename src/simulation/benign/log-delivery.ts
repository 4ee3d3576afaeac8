import { awsService } from "../caller.ts";
import { company } from "../company.ts";
import { objectContext } from "../context.ts";
import { trailKey } from "../key.ts";
import { clockwork } from "../rhythm.ts";
import type { BenignKind } from "./kind.ts";

/** CloudTrail writes its own log files, encrypted: an AWS service's calls with a sharedEventID that has no twin. */
export const logDelivery: BenignKind = {
  name: "log-delivery",
  plant(world, random) {
    const { central } = world;
    const key = trailKey(central.id, "alias/log-archive", central.region);
    const caller = awsService("cloudtrail.amazonaws.com", central.id);
    const trail = `arn:aws:cloudtrail:${central.region}:${central.id}:trail/organization`;
    for (const account of world.accounts) {
      world.activities.push({
        name: `log-delivery/${account.id}`,
        cause: "log-delivery",
        rhythm: clockwork(30, random.integer(0, 29)),
        act(time, luck, emit) {
          const path = `AWSLogs/${company.id}/${account.id}/${luck.text(16, "abcdefghijklmnop")}.json.gz`;
          const context = { "aws:cloudtrail:arn": trail, ...objectContext("trail", path) };
          const sharedEventId = luck.uuid();
          emit.kms({ time, name: "GenerateDataKey", caller, key, context, sharedEventId });
        },
      });
    }
  },
};
