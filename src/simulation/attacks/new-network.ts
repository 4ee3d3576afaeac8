import { stolen } from "../caller.ts";
import type { AttackKind } from "./stage.ts";
import { insiderOf, keysOf, ordinaryDecrypt } from "./victims.ts";

/** A principal's credentials are used from a network it never called from, in normal volume. */
export const newNetwork: AttackKind = {
  name: "new-network",
  isCommon: true,
  stage(scene) {
    const victim = scene.victim(
      ({ kind, perDay, uses }) =>
        /^(?:service|person)$/.test(kind) &&
        perDay >= 4 &&
        uses.some(({ via }) => via === undefined),
    );
    if (victim === undefined) return undefined;
    const own = insiderOf(victim, scene);
    const caller = stolen(own, scene.strangeAddress(), own.userAgent);
    const direct = victim.uses.filter(
      ({ via, context }) => via === undefined && context !== undefined,
    );
    const reader = { ...victim, uses: direct.length === 0 ? victim.uses : direct };
    const count = scene.size(3, 8, 25);
    scene.burst(count, scene.startMs, 50, (_nth, random) => {
      const { via: _via, ...call } = ordinaryDecrypt(reader, caller, random, scene.startMs);
      return call;
    });
    return {
      principals: [victim.entity],
      keys: keysOf(victim),
      account: victim.account.id,
      story: `${victim.entity} calls ${count} times from ${caller.sourceAddress}, a network it never used.`,
    };
  },
};
