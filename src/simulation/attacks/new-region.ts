import { trailKey } from "../key.ts";
import type { AttackKind } from "./stage.ts";
import { isWorkload, thiefOf } from "./victims.ts";

/** A principal appears in a Region in which neither it nor its account ever used KMS. */
export const newRegion: AttackKind = {
  name: "new-region",
  stage(scene) {
    const victim = scene.victim(isWorkload);
    if (victim === undefined) return undefined;
    const caller = thiefOf(victim, scene);
    const region = scene.random.pick(["ap-southeast-1", "sa-east-1", "me-south-1"]);
    const key = trailKey(victim.account.id, "alias/aws/secretsmanager", region);
    const count = scene.size(3, 12, 50);
    scene.call({ time: scene.startMs, caller, key, name: "ListKeys", parameters: null });
    scene.burst(count, scene.startMs + 20_000, 40, (nth) => ({
      caller,
      key,
      name: nth % 3 === 0 ? "GenerateDataKey" : "Decrypt",
      context: { purpose: "copy" },
    }));
    return {
      principals: [victim.entity],
      keys: [key],
      account: victim.account.id,
      story: `${victim.entity} uses KMS in ${region}, where the organization has nothing.`,
    };
  },
};
