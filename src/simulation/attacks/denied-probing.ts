import { denied } from "../emit.ts";
import type { AttackKind } from "./stage.ts";
import { isWorkload, thiefOf } from "./victims.ts";

/** Stolen credentials try key after key and are refused. */
export const deniedProbing: AttackKind = {
  name: "denied-probing",
  stage(scene) {
    const victim = scene.victim(isWorkload);
    if (victim === undefined) return undefined;
    const caller = thiefOf(victim, scene);
    const { account } = victim;
    const keys = scene.random
      .shuffle([account.secretsKey, account.volumesKey, ...account.dataKeys])
      .slice(0, scene.size(3, 7, 20));
    for (const [nth, key] of keys.entries()) {
      for (const [step, name] of ["DescribeKey", "Decrypt", "ListGrants"].entries()) {
        const time = scene.startMs + (nth * 3 + step) * scene.size(240_000, 30_000, 3000);
        const error = denied(name, key.arn);
        scene.call({ time, caller, name, key, parameters: null, error });
      }
    }
    return {
      principals: [victim.entity],
      keys,
      account: account.id,
      story: `Credentials of ${victim.entity} try ${keys.length} keys and are refused.`,
    };
  },
};
