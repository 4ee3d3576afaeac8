import type { AttackKind } from "./stage.ts";
import { insiderOf, keysOf, ordinaryDecrypt } from "./victims.ts";

/** Someone who only ever came through a service calls KMS directly with ciphertexts taken elsewhere. */
export const directUse: AttackKind = {
  name: "direct-use",
  stage(scene) {
    const victim = scene.victim(
      ({ kind, uses, perDay }) =>
        kind === "function" && perDay >= 4 && uses.every(({ via }) => via !== undefined),
    );
    if (victim === undefined) return undefined;
    const caller = insiderOf(victim, scene);
    const count = scene.size(2, 8, 40);
    scene.burst(count, scene.startMs, 40, (_nth, random) => {
      const { via: _via, ...call } = ordinaryDecrypt(victim, caller, random, scene.startMs);
      return call;
    });
    return {
      principals: [victim.entity],
      keys: keysOf(victim),
      account: victim.account.id,
      story: `${victim.entity}, known only through services, decrypts ${count} times directly.`,
    };
  },
};
