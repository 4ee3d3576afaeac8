import { denied } from "../emit.ts";
import { policyText } from "../policy.ts";
import type { AttackKind } from "./stage.ts";
import { insiderOf, isWorkload } from "./victims.ts";

/** Refused, then a changed key policy, then allowed: someone let themselves in. */
export const deniedThenAllowed: AttackKind = {
  name: "denied-then-allowed",
  stage(scene) {
    const helper = scene.administrator();
    if (helper === undefined) return undefined;
    const victim = scene.victim((one) => isWorkload(one) && one.account === helper.account);
    if (victim === undefined) return undefined;
    const own = new Set(victim.uses.map(({ key }) => key.arn));
    const key = scene.busyKey(
      ({ accountId, arn }) => accountId === victim.account.id && !own.has(arn),
    );
    if (key === undefined) return undefined;
    const caller = insiderOf(victim, scene);
    scene.burst(scene.size(2, 6, 15), scene.startMs, 20, () => ({
      caller,
      key,
      error: denied("Decrypt", key.arn),
    }));
    const policy = policyText(key.accountId, {
      Effect: "Allow",
      Principal: { AWS: victim.entity },
      Action: "kms:Decrypt",
      Resource: "*",
    });
    const changeMs = scene.startMs + 50 * 60_000;
    const admin = insiderOf(helper, scene);
    scene.call({
      time: changeMs,
      caller: admin,
      name: "PutKeyPolicy",
      key,
      parameters: { keyId: key.arn, policyName: "default", policy },
    });
    scene.burst(scene.size(3, 12, 60), changeMs + 300_000, 30, (_nth, random) => ({
      caller,
      key,
      context: { purpose: key.alias.slice(6), tenant: `tenant-${random.integer(1, 9)}` },
    }));
    return {
      principals: [victim.entity, helper.entity],
      keys: [key],
      account: key.accountId,
      story: `${victim.entity} is refused on ${key.alias}, a policy changes, and it decrypts.`,
    };
  },
};
