import { parameterContext } from "../context.ts";
import type { AttackKind } from "./stage.ts";
import { insiderOf, isWorkload } from "./victims.ts";

/** Someone who reads a few parameters reads all of them, ten a call. */
export const parametersFanOut: AttackKind = {
  name: "parameters-fan-out",
  isCommon: true,
  stage(scene) {
    const victim = scene.victim(
      (resident) =>
        (isWorkload(resident) || resident.kind === "person") &&
        resident.uses.some(({ key }) => key === resident.account.parametersKey),
    );
    if (victim === undefined) return undefined;
    const { account } = victim;
    const caller = insiderOf(victim, scene);
    const paths = scene.random.shuffle(account.parameterPaths);
    const count = Math.min(paths.length, scene.size(8, 30, 150));
    for (const [nth, path] of paths.slice(0, count).entries()) {
      scene.call({
        time: scene.startMs + Math.floor(nth / 10) * scene.size(60_000, 15_000, 4000),
        caller,
        via: "AWS Internal",
        key: account.parametersKey,
        context: parameterContext(account.id, path),
      });
    }
    return {
      principals: [victim.entity],
      keys: [account.parametersKey],
      account: account.id,
      story: `${victim.entity} reads ${count} different parameters.`,
    };
  },
};
