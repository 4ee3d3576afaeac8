import { policyText } from "../policy.ts";
import type { AttackKind } from "./stage.ts";
import { insiderOf } from "./victims.ts";

/** A key is replicated into a Region of the attacker's choice, with a policy of its own. */
export const replicaRegion: AttackKind = {
  name: "replica-region",
  stage(scene) {
    const actor = scene.administrator();
    const key = scene.keyOf(actor);
    if (actor === undefined || key === undefined) return undefined;
    const replicaRegion = scene.random.pick(["ap-southeast-1", "sa-east-1", "me-south-1"]);
    const open = { Effect: "Allow", Principal: "*", Action: "kms:Decrypt", Resource: "*" };
    scene.call({
      time: scene.startMs,
      caller: insiderOf(actor, scene),
      name: "ReplicateKey",
      key,
      parameters: {
        keyId: key.arn,
        replicaRegion,
        ...(scene.strength === "strong" ? { policy: policyText(key.accountId, open) } : {}),
      },
    });
    return {
      principals: [actor.entity],
      keys: [key],
      account: key.accountId,
      story: `${actor.entity} replicates ${key.alias} into ${replicaRegion}.`,
    };
  },
};
