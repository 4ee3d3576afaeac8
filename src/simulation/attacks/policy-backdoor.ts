import { policyText } from "../policy.ts";
import type { AttackKind } from "./stage.ts";
import { insiderOf } from "./victims.ts";

/** A key policy lets in a foreign account, everyone under a weak condition, or everyone. */
export const policyBackdoor: AttackKind = {
  name: "policy-backdoor",
  stage(scene) {
    const actor = scene.administrator();
    const key = scene.keyOf(actor);
    if (actor === undefined || key === undefined) return undefined;
    const statement = scene.size(
      {
        Effect: "Allow",
        Principal: { AWS: "arn:aws:iam::999988887777:role/support" },
        Action: ["kms:Decrypt", "kms:DescribeKey"],
        Resource: "*",
      },
      {
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: "kms:*",
        Resource: "*",
        Condition: { StringLike: { "kms:ViaService": "*" } },
      },
      { Effect: "Allow", Principal: "*", Action: "kms:*", Resource: "*" },
    );
    scene.call({
      time: scene.startMs,
      caller: insiderOf(actor, scene),
      name: "PutKeyPolicy",
      key,
      parameters: {
        keyId: key.arn,
        policyName: "default",
        policy: policyText(key.accountId, statement),
        bypassPolicyLockoutSafetyCheck: false,
      },
    });
    return {
      principals: [actor.entity],
      keys: [key],
      account: key.accountId,
      story: `${actor.entity} opens the policy of ${key.alias} to strangers.`,
    };
  },
};
