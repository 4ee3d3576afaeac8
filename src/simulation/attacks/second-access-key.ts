import { iamUser, stolen } from "../caller.ts";
import type { AttackKind } from "./stage.ts";
import { keysOf, ordinaryDecrypt } from "./victims.ts";

/** Somebody makes an IAM user a second access key and reads with it, while the user's own goes on working. */
export const secondAccessKey: AttackKind = {
  name: "second-access-key",
  stage(scene) {
    const victim = scene.victim(({ entity }) => /:user\/.*-user$/.test(entity));
    if (victim === undefined) return undefined;
    const own = victim.callerAt(scene.startMs, scene.random);
    const made = iamUser({
      accountId: victim.account.id,
      name: victim.entity.slice(victim.entity.indexOf("/") + 1),
      sourceAddress: own.sourceAddress,
      nthKey: 2,
    });
    const isElsewhere = scene.random.chance(scene.size(0, 0.3, 0.7));
    const caller = isElsewhere ? stolen(made, scene.strangeAddress(), own.userAgent) : made;
    const count = scene.size(4, 15, 80);
    scene.burst(count, scene.startMs, 50, (_nth, random) =>
      ordinaryDecrypt(victim, caller, random, scene.startMs),
    );
    return {
      principals: [victim.entity],
      keys: keysOf(victim),
      account: victim.account.id,
      story: `A second access key of ${victim.entity} decrypts ${count} times${isElsewhere ? ` from ${caller.sourceAddress}` : ""}, beside the first.`,
    };
  },
};
