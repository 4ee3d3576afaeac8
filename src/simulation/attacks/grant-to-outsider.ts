import type { AttackKind } from "./stage.ts";
import { insiderOf, isWorkload } from "./victims.ts";

/** A grant to a principal outside the organization, with the right to grant further. */
export const grantToOutsider: AttackKind = {
  name: "grant-to-outsider",
  stage(scene) {
    const actor = scene.victim((resident) => isWorkload(resident) || resident.kind === "person");
    const key = scene.keyOf(actor);
    if (actor === undefined || key === undefined) return undefined;
    scene.call({
      time: scene.startMs,
      caller: insiderOf(actor, scene),
      name: "CreateGrant",
      key,
      parameters: {
        keyId: key.arn,
        granteePrincipal: "arn:aws:iam::999988887777:role/support",
        operations: scene.size(["Decrypt"], ["Decrypt", "DescribeKey"], ["Decrypt", "CreateGrant"]),
      },
      response: { grantId: scene.random.text(64, "0123456789abcdef"), keyId: key.arn },
    });
    return {
      principals: [actor.entity],
      keys: [key],
      account: key.accountId,
      story: `${actor.entity} grants the use of ${key.alias} to a foreign role.`,
    };
  },
};
