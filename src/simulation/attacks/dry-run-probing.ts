import type { AttackKind } from "./stage.ts";
import { isWorkload, thiefOf } from "./victims.ts";

/** Permissions are tried with DryRun, which changes nothing and tells everything. */
export const dryRunProbing: AttackKind = {
  name: "dry-run-probing",
  stage(scene) {
    const victim = scene.victim((resident) => isWorkload(resident) || resident.kind === "person");
    if (victim === undefined) return undefined;
    const caller = thiefOf(victim, scene);
    const { account } = victim;
    const keys = scene.random
      .shuffle([account.secretsKey, ...account.dataKeys])
      .slice(0, scene.size(2, 4, 8));
    const names = ["Decrypt", "GenerateDataKey", "CreateGrant", "ReEncrypt"].slice(
      0,
      scene.size(2, 3, 4),
    );
    for (const [nth, key] of keys.entries()) {
      for (const [step, name] of names.entries()) {
        scene.call({
          time: scene.startMs + (nth * names.length + step) * 11_000,
          caller,
          name,
          key,
          parameters: { keyId: key.arn, dryRun: true },
          error: {
            code: "DryRunOperationException",
            message: "The request would have succeeded, but the DryRun option is set.",
          },
        });
      }
    }
    return {
      principals: [victim.entity],
      keys,
      account: account.id,
      story: `Credentials of ${victim.entity} try ${names.length} operations on ${keys.length} keys with DryRun.`,
    };
  },
};
