import { trailKey } from "../key.ts";
import type { AttackKind } from "./stage.ts";
import { insiderOf } from "./victims.ts";

/** The alias of a busy key is pointed at another key: what is written from now on belongs to someone else. */
export const aliasRepointed: AttackKind = {
  name: "alias-repointed",
  stage(scene) {
    const actor = scene.administrator();
    const key = scene.keyOf(actor);
    if (actor === undefined || key === undefined) return undefined;
    const target = trailKey(
      key.accountId,
      `alias/replaced-${scene.random.integer(1, 999)}`,
      key.region,
    );
    const caller = insiderOf(actor, scene);
    const create = { time: scene.startMs, caller, name: "CreateKey", key: target };
    if (scene.strength !== "weak") {
      const response = { keyMetadata: { keyId: target.id, arn: target.arn } };
      scene.call({ ...create, parameters: { origin: "AWS_KMS" }, response });
    }
    scene.call({
      time: scene.startMs + 240_000,
      caller,
      name: "UpdateAlias",
      key: target,
      parameters: { aliasName: key.alias, targetKeyId: target.id },
    });
    return {
      principals: [actor.entity],
      keys: [key, target],
      account: key.accountId,
      story: `${actor.entity} points ${key.alias} at another key.`,
    };
  },
};
