import type { AttackKind } from "./stage.ts";
import { insiderOf } from "./victims.ts";

/** Imported key material is deleted, at once and for everyone, or imported again so that it expires soon. */
export const importedMaterial: AttackKind = {
  name: "imported-material",
  breaks: true,
  stage(scene) {
    const actor = scene.administrator();
    const key = scene.keyOf(actor);
    if (actor === undefined || key === undefined) return undefined;
    const call = { caller: insiderOf(actor, scene), key };
    const time = scene.startMs;
    const deleted = scene.strength !== "weak";
    scene.call({
      ...call,
      time,
      name: "GetParametersForImport",
      parameters: { keyId: key.arn, wrappingAlgorithm: "RSAES_OAEP_SHA_256" },
    });
    if (deleted) {
      scene.call({ ...call, time: time + 60_000, name: "DeleteImportedKeyMaterial" });
      scene.world.breakKey(key.arn, time + 60_000, "pending import");
    } else {
      const validTo = new Date(time + 10 * 86_400_000).toISOString();
      const parameters = { keyId: key.arn, expirationModel: "KEY_MATERIAL_EXPIRES", validTo };
      scene.call({ ...call, time: time + 60_000, name: "ImportKeyMaterial", parameters });
    }
    return {
      principals: [actor.entity],
      keys: [key],
      account: key.accountId,
      breaksKeys: deleted,
      story: deleted
        ? `${actor.entity} deletes the imported material of ${key.alias}.`
        : `${actor.entity} imports material that expires in ten days into ${key.alias}.`,
    };
  },
};
