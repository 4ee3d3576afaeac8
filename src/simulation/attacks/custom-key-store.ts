import type { AttackKind } from "./stage.ts";
import { insiderOf } from "./victims.ts";

/** An external key store is set up under strange control, or the existing one cut off. */
export const customKeyStore: AttackKind = {
  name: "custom-key-store",
  stage(scene) {
    const actor = scene.administrator();
    if (actor === undefined) return undefined;
    const call = { caller: insiderOf(actor, scene), key: actor.account.secretsKey };
    const customKeyStoreId = `cks-${scene.random.text(17, "0123456789abcdef")}`;
    const names = scene.size(
      ["DisconnectCustomKeyStore"],
      ["UpdateCustomKeyStore", "DisconnectCustomKeyStore"],
      ["CreateCustomKeyStore", "ConnectCustomKeyStore", "DisconnectCustomKeyStore"],
    );
    for (const [nth, name] of names.entries()) {
      const time = scene.startMs + nth * 120_000;
      scene.call({ ...call, time, name, parameters: { customKeyStoreId } });
    }
    return {
      principals: [actor.entity],
      keys: [],
      account: actor.account.id,
      story: `${actor.entity}: ${names.join(", ")}.`,
    };
  },
};
