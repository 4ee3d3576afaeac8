import type { AttackKind } from "./stage.ts";
import { insiderOf, keysOf, ordinaryDecrypt } from "./victims.ts";

/** A batch role runs with its normal volume at an hour at which it never runs. */
export const batchWrongHour: AttackKind = {
  name: "batch-wrong-hour",
  isCommon: true,
  stage(scene) {
    const victim = scene.victim(({ kind, perDay }) => kind === "job" && perDay >= 8);
    if (victim === undefined) return undefined;
    const caller = insiderOf(victim, scene);
    // Jobs run in the first hours of the day: the weak form comes soon after them, the others when offices are open.
    const hour = scene.size(8, 11, 13) + scene.random.integer(0, scene.size(2, 4, 8));
    const startMs = scene.hour(hour) + scene.random.integer(0, 59) * 60_000;
    const count = Math.round(Math.max(5, victim.perDay * scene.size(0.3, 0.8, 1.5)));
    scene.burst(Math.min(count, 5000), startMs, 30, (_nth, random) =>
      ordinaryDecrypt(victim, caller, random, startMs),
    );
    return {
      principals: [victim.entity],
      keys: keysOf(victim),
      account: victim.account.id,
      story: `The batch role ${victim.entity} runs at the wrong hour, ${count} calls.`,
    };
  },
};
