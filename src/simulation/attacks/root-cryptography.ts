import { rootUser } from "../caller.ts";
import type { AttackKind } from "./stage.ts";

/** An account's root user does cryptography. */
export const rootCryptography: AttackKind = {
  name: "root-cryptography",
  stage(scene) {
    const key = scene.busyKey();
    if (key === undefined) return undefined;
    const caller = rootUser({
      accountId: key.accountId,
      sourceAddress: scene.strangeAddress(),
      accessKey: scene.strength !== "weak",
    });
    const count = scene.size(1, 6, 40);
    scene.burst(count, scene.startMs, 30, () => ({ caller, key, context: { purpose: "root" } }));
    return {
      principals: [caller.entity],
      keys: [key],
      account: key.accountId,
      story: `The root user of ${key.accountId} decrypts ${count} times.`,
    };
  },
};
