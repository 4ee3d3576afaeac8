import { signingParameters } from "../record.ts";
import type { Resident } from "../world.ts";
import type { AttackKind } from "./stage.ts";
import { insiderOf, isWorkload } from "./victims.ts";

/** Someone who never signed signs with a key whose signatures others trust. */
export const newSigner: AttackKind = {
  name: "new-signer",
  stage(scene) {
    const signers = scene.world.residents.filter(({ kind }) => kind === "signer");
    const signerOf = (resident: Resident): Resident | undefined =>
      signers.find(({ account }) => account === resident.account);
    const victim = scene.victim(
      (resident) => isWorkload(resident) && signerOf(resident) !== undefined,
    );
    const [use] = (victim === undefined ? undefined : signerOf(victim))?.uses ?? [];
    if (victim === undefined || use === undefined) return undefined;
    const caller = insiderOf(victim, scene);
    const count = scene.size(1, 5, 30);
    // Whoever knows the key's users signs as they do.
    const parameters = signingParameters(use.key, scene.random.chance(0.3) ? 1 : 0);
    scene.burst(count, scene.startMs, 30, () => ({
      caller,
      name: "Sign",
      key: use.key,
      parameters,
    }));
    return {
      principals: [victim.entity],
      keys: [use.key],
      account: victim.account.id,
      story: `${victim.entity} signs ${count} times with ${use.key.alias}.`,
    };
  },
};
