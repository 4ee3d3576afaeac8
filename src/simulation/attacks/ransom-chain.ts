import { hourMs } from "../calendar.ts";
import { objectContext } from "../context.ts";
import { trailKey } from "../key.ts";
import type { AttackKind } from "./stage.ts";
import { thiefOf } from "./victims.ts";

/** Over a day: a look around, objects written again under a foreign key, grants revoked, keys destroyed. */
export const ransomChain: AttackKind = {
  name: "ransom-chain",
  breaks: true,
  stage(scene) {
    const actor = scene.administrator();
    if (actor === undefined || actor.account.dataKeys.length < 3) return undefined;
    const { account } = actor;
    const caller = thiefOf(actor, scene);
    const foreign = trailKey("999988887777", "alias/hostage", account.region);
    const keys = scene.random.shuffle(account.dataKeys).slice(0, scene.size(2, 3, 6));
    const list = { caller, key: account.secretsKey, parameters: null };
    scene.call({ ...list, time: scene.startMs, name: "ListKeys" });
    for (const [nth, key] of keys.entries()) {
      scene.call({ time: scene.startMs + (nth + 1) * 30_000, caller, name: "DescribeKey", key });
    }
    const copyMs = scene.startMs + scene.size(6, 3, 1) * hourMs;
    scene.burst(scene.size(20, 100, 400), copyMs, 45, (nth) => ({
      caller,
      via: "s3",
      key: foreign,
      name: "GenerateDataKey",
      context: objectContext(account.dataKeys[0]?.alias.slice(6) ?? "data", `object-${nth}`),
    }));
    const endMs = copyMs + scene.size(8, 3, 1) * hourMs;
    for (const [nth, key] of keys.entries()) {
      const time = endMs + nth * 60_000;
      scene.call({ time, caller, name: "DisableKey", key });
      const parameters = { keyId: key.arn, pendingWindowInDays: 7 };
      scene.call({ time: time + 9000, caller, name: "ScheduleKeyDeletion", key, parameters });
      scene.world.breakKey(key.arn, time + 60_000, "pending deletion");
    }
    return {
      principals: [actor.entity],
      keys: [foreign, ...keys],
      account: account.id,
      breaksKeys: true,
      story: `${actor.entity}: a look around, ${scene.size(20, 100, 400)} objects under a foreign key, ${keys.length} keys destroyed.`,
    };
  },
};
