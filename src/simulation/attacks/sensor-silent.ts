import { hourMs } from "../calendar.ts";
import type { AttackKind } from "./stage.ts";

/** An account's steady flow of KMS records stops, and nothing says why. */
export const sensorSilent: AttackKind = {
  name: "sensor-silent",
  silences: true,
  stage(scene) {
    const account = scene.account();
    if (account === undefined) return undefined;
    const busy = scene.world.residents.filter(
      (resident) => resident.account === account && resident.perDay >= 20,
    );
    if (busy.length < 2) return undefined;
    const fromMs = scene.startMs;
    const toMs = fromMs + scene.size(4, 8, 20) * hourMs;
    scene.world.silence(account.id, fromMs, toMs);
    return {
      principals: [],
      keys: [],
      account: account.id,
      wholeAccount: true,
      span: { fromMs, toMs },
      story: `No record of ${account.id} arrives for ${(toMs - fromMs) / hourMs} hours.`,
    };
  },
};
