import { iamUser } from "../caller.ts";
import { teamName } from "../names.ts";
import type { AttackKind } from "./stage.ts";

/** An IAM user's long-term access key, found somewhere, decrypts where only roles ever did. */
export const longTermKey: AttackKind = {
  name: "long-term-key",
  stage(scene) {
    const key = scene.busyKey();
    if (key === undefined) return undefined;
    const caller = iamUser({
      accountId: key.accountId,
      name: scene.world.unique(() => `${teamName(scene.random)}-legacy-user`),
      sourceAddress: scene.strangeAddress(),
    });
    const count = scene.size(3, 15, 80);
    scene.burst(count, scene.startMs, 40, (_nth, random) => ({
      caller,
      key,
      context: { purpose: key.alias.slice(6), tenant: `tenant-${random.integer(1, 9)}` },
    }));
    return {
      principals: [caller.entity],
      keys: [key],
      account: key.accountId,
      story: `The long-term key of ${caller.entity} decrypts ${count} times with ${key.alias}.`,
    };
  },
};
