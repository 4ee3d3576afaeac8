import type { AttackKind } from "./stage.ts";
import { insiderOf } from "./victims.ts";

/** A principal that always gives an encryption context decrypts without one. */
export const missingContext: AttackKind = {
  name: "missing-context",
  stage(scene) {
    const victim = scene.victim(
      ({ kind, perDay, uses }) =>
        kind === "service" &&
        perDay >= 5 &&
        uses.some(({ via, context }) => via === undefined && context !== undefined),
    );
    const use = victim?.uses.find(({ via, context }) => via === undefined && context !== undefined);
    if (victim === undefined || use === undefined) return undefined;
    const caller = insiderOf(victim, scene);
    const count = scene.size(3, 10, 40);
    scene.burst(count, scene.startMs, 40, () => ({ caller, key: use.key }));
    return {
      principals: [victim.entity],
      keys: [use.key],
      account: victim.account.id,
      story: `${victim.entity} decrypts ${count} times without the context it always gives.`,
    };
  },
};
