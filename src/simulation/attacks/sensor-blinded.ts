import { dayMs } from "../calendar.ts";
import type { AttackKind } from "./stage.ts";
import { insiderOf } from "./victims.ts";

/** The trail is told to leave KMS out, to keep writes only, or stopped; nothing of KMS arrives for hours. */
export const sensorBlinded: AttackKind = {
  name: "sensor-blinded",
  silences: true,
  stage(scene) {
    const actor = scene.administrator();
    if (actor === undefined) return undefined;
    const { account } = actor;
    const caller = insiderOf(actor, scene);
    const trail = `arn:aws:cloudtrail:${account.region}:${account.id}:trail/organization`;
    const selector = { includeManagementEvents: true, dataResources: [] };
    const [name, parameters] = scene.size(
      [
        "PutEventSelectors",
        { trailName: trail, eventSelectors: [{ ...selector, readWriteType: "WriteOnly" }] },
      ] as const,
      [
        "PutEventSelectors",
        {
          trailName: trail,
          eventSelectors: [
            {
              ...selector,
              readWriteType: "All",
              excludeManagementEventSources: ["kms.amazonaws.com"],
            },
          ],
        },
      ] as const,
      ["StopLogging", { name: trail }] as const,
    );
    const region = account.region;
    scene.step(scene.startMs, (time, _random, emit) =>
      emit.other({ time, caller, service: "cloudtrail", name, parameters, region }, true),
    );
    const untilMs = scene.startMs + scene.size(0.25, 0.5, 1) * dayMs;
    scene.world.silence(account.id, scene.startMs + 60_000, untilMs);
    return {
      principals: [actor.entity],
      keys: [],
      account: account.id,
      wholeAccount: true,
      span: { fromMs: scene.startMs, toMs: untilMs },
      story: `${actor.entity}: ${name} in ${account.id}; KMS is not seen for hours.`,
    };
  },
};
