import { trailKey } from "../key.ts";
import type { AttackKind } from "./stage.ts";
import { isWorkload, thiefOf } from "./victims.ts";

/** Ciphertexts are encrypted again under a foreign key, or a new one of the same account. */
export const reEncryptSweep: AttackKind = {
  name: "re-encrypt-sweep",
  stage(scene) {
    const victim = scene.victim(isWorkload);
    const [use] = victim?.uses ?? [];
    if (victim === undefined || use === undefined) return undefined;
    const caller = thiefOf(victim, scene);
    const owner = scene.random.chance(0.5) ? "999988887777" : use.key.accountId;
    const alias = `alias/vault-${scene.random.integer(10, 99)}`;
    const destinationKey = trailKey(owner, alias, use.key.region);
    const count = scene.size(10, 60, 400);
    scene.burst(count, scene.startMs, scene.size(50, 30, 15), (_nth, random) => ({
      caller,
      name: "ReEncrypt",
      key: use.key,
      destinationKey,
      ...(use.context === undefined ? {} : { context: use.context(random, scene.startMs) }),
    }));
    return {
      principals: [victim.entity],
      keys: [use.key, destinationKey],
      account: victim.account.id,
      story: `${victim.entity} encrypts ${count} ciphertexts again under ${destinationKey.arn}.`,
    };
  },
};
