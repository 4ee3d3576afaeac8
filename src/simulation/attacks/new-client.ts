import { stolen } from "../caller.ts";
import type { AttackKind } from "./stage.ts";
import { insiderOf, keysOf, ordinaryDecrypt } from "./victims.ts";

/** A workload's credentials are used with another client, a shell on its own machine. */
export const newClient: AttackKind = {
  name: "new-client",
  stage(scene) {
    const victim = scene.victim(
      ({ kind, perDay, uses }) =>
        /^(?:service|fleet)$/.test(kind) &&
        perDay >= 4 &&
        uses.some(({ via }) => via === undefined),
    );
    if (victim === undefined) return undefined;
    const own = insiderOf(victim, scene);
    const caller = stolen(own, own.sourceAddress, scene.strangeClient(own.userAgent));
    const direct = victim.uses.filter(({ via }) => via === undefined);
    const reader = { ...victim, uses: direct };
    const count = scene.size(3, 8, 25);
    scene.burst(count, scene.startMs, 50, (_nth, random) =>
      ordinaryDecrypt(reader, caller, random, scene.startMs),
    );
    return {
      principals: [victim.entity],
      keys: keysOf(victim),
      account: victim.account.id,
      story: `${victim.entity} calls ${count} times with ${caller.userAgent.slice(0, 16)}, a client it never used.`,
    };
  },
};
