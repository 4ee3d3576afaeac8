import type { AttackKind } from "./stage.ts";
import { insiderOf } from "./victims.ts";

/** Grants are revoked by the dozen, and the services that lived on them break. */
export const revocationStorm: AttackKind = {
  name: "revocation-storm",
  stage(scene) {
    const actor = scene.administrator();
    if (actor === undefined) return undefined;
    const caller = insiderOf(actor, scene);
    const key = actor.account.volumesKey;
    const count = scene.size(6, 25, 150);
    scene.burst(count, scene.startMs, 20, (_nth, random) => ({
      caller,
      name: "RevokeGrant",
      key,
      parameters: { keyId: key.arn, grantId: random.text(64, "0123456789abcdef") },
    }));
    return {
      principals: [actor.entity],
      keys: [key],
      account: key.accountId,
      story: `${actor.entity} revokes ${count} grants on ${key.alias}.`,
    };
  },
};
