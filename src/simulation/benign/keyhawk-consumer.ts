import { roleSession } from "../caller.ts";
import { streamContext } from "../context.ts";
import { trailKey } from "../key.ts";
import { clockwork } from "../rhythm.ts";
import type { BenignKind } from "./kind.ts";

/** Keyhawk's own role, which reads an encrypted stream day and night. */
export const keyhawkConsumer: BenignKind = {
  name: "keyhawk-consumer",
  plant(world) {
    const { central } = world;
    const key = trailKey(central.id, "alias/keyhawk", central.region);
    const caller = roleSession({
      accountId: central.id,
      role: "keyhawk-consumer",
      session: "keyhawk",
      sourceAddress: central.address,
    });
    world.activities.push({
      name: "keyhawk-consumer",
      cause: "keyhawk-consumer",
      rhythm: clockwork(5, 1),
      act: (time, _luck, emit) =>
        emit.kms({
          time,
          caller,
          via: "kinesis",
          key,
          context: streamContext(central.id, "keyhawk-events"),
        }),
    });
  },
};
