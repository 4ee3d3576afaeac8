import type { AttackKind } from "./stage.ts";
import { insiderOf, isWorkload } from "./victims.ts";

/** A principal decrypts with context keys that it never used with this key. */
export const unknownContext: AttackKind = {
  name: "unknown-context",
  stage(scene) {
    const victim = scene.victim(
      (resident) =>
        isWorkload(resident) && resident.uses.some(({ context }) => context !== undefined),
    );
    const key = victim?.uses.find(({ context }) => context !== undefined)?.key;
    if (victim === undefined || key === undefined) return undefined;
    const caller = insiderOf(victim, scene);
    const count = scene.size(3, 8, 30);
    scene.burst(count, scene.startMs, 40, (nth) => ({
      caller,
      key,
      context: { Department: "payroll", Project: `project-${nth}` },
    }));
    return {
      principals: [victim.entity],
      keys: [key],
      account: victim.account.id,
      story: `${victim.entity} decrypts ${count} ciphertexts of another application: contexts it never used.`,
    };
  },
};
