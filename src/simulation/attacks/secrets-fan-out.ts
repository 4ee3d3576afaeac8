import { secretContext } from "../context.ts";
import type { AttackKind } from "./stage.ts";
import { insiderOf, isWorkload } from "./victims.ts";

/** Someone who reads a few secrets reads all of them. */
export const secretsFanOut: AttackKind = {
  name: "secrets-fan-out",
  isCommon: true,
  stage(scene) {
    const victim = scene.victim(
      (resident) =>
        (isWorkload(resident) || resident.kind === "person") &&
        resident.uses.some(({ key }) => key === resident.account.secretsKey),
    );
    if (victim === undefined) return undefined;
    const { account } = victim;
    const caller = insiderOf(victim, scene);
    const names = scene.random.shuffle(account.secretNames);
    const count = Math.min(names.length, scene.size(6, 20, 120));
    scene.burst(count, scene.startMs, scene.size(50, 25, 10), (nth) => ({
      caller,
      via: "secretsmanager",
      key: account.secretsKey,
      context: secretContext(account.id, names[nth] ?? "team-0/credential-0"),
    }));
    return {
      principals: [victim.entity],
      keys: [account.secretsKey],
      account: account.id,
      story: `${victim.entity} reads ${count} different secrets.`,
    };
  },
};
