import type { AttackKind } from "./stage.ts";
import { insiderOf } from "./victims.ts";

/** Many identical grants to one user: revoking one of them changes nothing. */
export const grantBurst: AttackKind = {
  name: "grant-burst",
  stage(scene) {
    const actor = scene.administrator();
    const key = scene.keyOf(actor);
    if (actor === undefined || key === undefined) return undefined;
    const caller = insiderOf(actor, scene);
    const count = scene.size(5, 15, 80);
    scene.burst(count, scene.startMs, 15, (_nth, random) => ({
      caller,
      name: "CreateGrant",
      key,
      parameters: {
        keyId: key.arn,
        granteePrincipal: `arn:aws:iam::${key.accountId}:user/reports`,
        operations: ["Decrypt", "CreateGrant"],
      },
      response: { grantId: random.text(64, "0123456789abcdef"), keyId: key.arn },
    }));
    return {
      principals: [actor.entity],
      keys: [key],
      account: key.accountId,
      story: `${actor.entity} creates ${count} identical grants on ${key.alias}.`,
    };
  },
};
