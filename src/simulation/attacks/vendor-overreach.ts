import { objectContext } from "../context.ts";
import type { AttackKind } from "./stage.ts";
import { outsideEntity } from "./stage.ts";

/** An approved vendor, or whoever has its credentials, reads what it was never given: only the owner's copy shows it. */
export const vendorOverreach: AttackKind = {
  name: "vendor-overreach",
  stage(scene) {
    if (scene.world.vendors.length === 0) return undefined;
    const { caller, key } = scene.random.pick(scene.world.vendors);
    if (scene.isSilent(key.accountId)) return undefined;
    const count = scene.size(8, 40, 300);
    scene.burst(count, scene.startMs, scene.size(50, 30, 20), (nth) => ({
      caller,
      via: "s3",
      key,
      context: objectContext("customer-records", `customer-${nth}`),
    }));
    return {
      principals: [outsideEntity(caller)],
      keys: [key],
      account: key.accountId,
      story: `The approved account ${caller.accountId} reads ${count} objects of a bucket that it never read.`,
    };
  },
};
