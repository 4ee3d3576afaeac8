import { objectContext } from "../context.ts";
import { trailKey } from "../key.ts";
import type { AttackKind } from "./stage.ts";
import { thiefOf } from "./victims.ts";

/** Ransom over S3: objects are read and written again under a stranger's key. */
export const foreignKeyEncryption: AttackKind = {
  name: "foreign-key-encryption",
  stage(scene) {
    const victim = scene.victim(
      ({ uses, kind }) => kind !== "rare" && uses.some(({ via }) => via === "s3"),
    );
    const use = victim?.uses.find(({ via }) => via === "s3");
    if (victim === undefined || use === undefined) return undefined;
    const caller = thiefOf(victim, scene);
    const foreign = trailKey(
      "999988887777",
      `alias/ransom-${scene.random.integer(1, 9)}`,
      use.key.region,
    );
    const count = scene.size(6, 50, 400);
    scene.burst(count, scene.startMs, scene.size(50, 30, 20), (nth) => ({
      caller,
      via: "s3",
      key: foreign,
      name: "GenerateDataKey",
      context: objectContext(use.key.alias.slice(6), `object-${nth}`),
    }));
    return {
      principals: [victim.entity],
      keys: [foreign],
      account: victim.account.id,
      story: `${victim.entity} writes ${count} objects again under a key of a foreign account.`,
    };
  },
};
