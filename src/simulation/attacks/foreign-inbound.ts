import { roleSession } from "../caller.ts";
import type { AttackKind } from "./stage.ts";
import { outsideEntity } from "./stage.ts";

/** A foreign account decrypts with one of the organization's keys: only the owner's copy shows it. */
export const foreignInbound: AttackKind = {
  name: "foreign-inbound",
  stage(scene) {
    const key = scene.busyKey();
    if (key === undefined) return undefined;
    const caller = roleSession({
      accountId: scene.random.pick(["999988887777", "666655554444"]),
      role: "data-sync",
      session: "sync",
    });
    const count = scene.size(2, 15, 120);
    scene.burst(count, scene.startMs, 45, (_nth, random) => ({
      caller,
      key,
      context: { purpose: key.alias.slice(6), tenant: `tenant-${random.integer(1, 30)}` },
    }));
    return {
      principals: [outsideEntity(caller)],
      keys: [key],
      account: key.accountId,
      story: `The foreign account ${caller.accountId} decrypts ${count} times with ${key.alias}.`,
    };
  },
};
