import { awsService } from "../caller.ts";
import { trailKey } from "../key.ts";
import { diurnal } from "../rhythm.ts";
import type { BenignKind } from "./kind.ts";

/** Identity Center uses its own key when people sign in. */
export const identityCenter: BenignKind = {
  name: "identity-center",
  plant(world) {
    const { central } = world;
    const key = trailKey(central.id, "alias/identity-center", central.region);
    const callers = ["sso.amazonaws.com", "identitystore.amazonaws.com"].map((name) =>
      awsService(name, central.id),
    );
    world.activities.push({
      name: "identity-center",
      cause: "identity-center",
      rhythm: diurnal({
        perDay: world.options.principals * 0.6,
        zone: central.zone,
        peakHour: 10,
        night: 0.02,
        weekend: 0.1,
        evenness: 4,
      }),
      act(time, luck, emit) {
        const sharedEventId = luck.uuid();
        const name = luck.chance(0.8) ? "Decrypt" : "GenerateDataKey";
        const context = identityContext(central.id, luck.chance(0.5));
        emit.kms({ time, name, caller: luck.pick(callers), key, context, sharedEventId });
      },
    });
    world.identityKey = key;
  },
};

/** The contexts that only Identity Center itself uses. */
export function identityContext(accountId: string, store: boolean): Record<string, string> {
  return store
    ? {
        "aws:identitystore:identitystore-arn": `arn:aws:identitystore::${accountId}:identitystore/d-9067000000`,
      }
    : { "aws:sso:instance-arn": "arn:aws:sso:::instance/ssoins-6987000000000000" };
}
