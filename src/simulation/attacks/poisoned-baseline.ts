import { dayMs, hourMs } from "../calendar.ts";
import { within } from "../rhythm.ts";
import type { AttackKind } from "./stage.ts";
import { busyHour, insiderOf, isWorkload, keysOf, loot, ordinaryDecrypt } from "./victims.ts";

/** A patient intruder raises the traffic for two weeks, a little more each day, then takes everything. */
export const poisonedBaseline: AttackKind = {
  name: "poisoned-baseline",
  isCommon: true,
  stage(scene) {
    const victim = scene.victim((resident) => isWorkload(resident) && resident.perDay >= 10);
    if (victim === undefined) return undefined;
    const caller = insiderOf(victim, scene);
    const usual = busyHour(victim);
    const steps = 13;
    for (let day = 1; day <= steps; day += 1) {
      const startMs = scene.startMs - (steps + 1 - day) * dayMs;
      const count = Math.min(1500, Math.round(Math.max(8, usual * 2) * (day / steps)));
      for (let nth = 0; nth < count; nth += 1) {
        const time = within(startMs, 90, scene.random);
        scene.step(time, (timeMs, random, emit) =>
          emit.kms({ ...ordinaryDecrypt(victim, caller, random, timeMs), time: timeMs }),
        );
      }
    }
    const theft = 2 * loot(usual, scene);
    scene.burst(theft, scene.startMs, 40, (_nth, random) =>
      ordinaryDecrypt(victim, caller, random, scene.startMs),
    );
    return {
      principals: [victim.entity],
      keys: keysOf(victim),
      account: victim.account.id,
      harmMs: scene.startMs,
      span: { fromMs: scene.startMs - steps * dayMs, toMs: scene.startMs + hourMs },
      story: `${victim.entity}: two weeks' ramp, then ${theft} Decrypts within 40 minutes.`,
    };
  },
};
