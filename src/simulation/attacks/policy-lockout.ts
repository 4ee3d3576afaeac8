import type { AttackKind } from "./stage.ts";
import { insiderOf } from "./victims.ts";

/** A key policy shuts its owner out: the account's root is gone, the safety check bypassed. */
export const policyLockout: AttackKind = {
  name: "policy-lockout",
  stage(scene) {
    const actor = scene.administrator();
    const key = scene.keyOf(actor);
    if (actor === undefined || key === undefined) return undefined;
    const policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { AWS: "arn:aws:iam::999988887777:root" },
          Action: "kms:*",
          Resource: "*",
        },
      ],
    });
    scene.call({
      time: scene.startMs,
      caller: insiderOf(actor, scene),
      name: "PutKeyPolicy",
      key,
      parameters: {
        keyId: key.arn,
        policyName: "default",
        policy,
        bypassPolicyLockoutSafetyCheck: true,
      },
    });
    return {
      principals: [actor.entity],
      keys: [key],
      account: key.accountId,
      story: `${actor.entity} locks the account out of ${key.alias}.`,
    };
  },
};
