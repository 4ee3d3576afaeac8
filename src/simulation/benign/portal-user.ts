import { officeAddress } from "../desk.ts";
import { identityCenterUser } from "../federation.ts";
import { officeHours } from "../rhythm.ts";
import { identityContext } from "./identity-center.ts";
import { type BenignKind, forShare } from "./kind.ts";

/** People at Identity Center's portal: the service opens their own data for them, with their identity. */
export const portalUser: BenignKind = {
  name: "portal-user",
  plant(world, random) {
    const { central, identityKey } = world;
    if (identityKey === undefined) return;
    forShare(
      world,
      random,
      0.03,
      (chance, nth) => {
        const caller = identityCenterUser({
          accountId: central.id,
          region: central.region,
          nth,
          sourceAddress: officeAddress(central, chance),
        });
        world.activities.push({
          name: `portal-user/${caller.entity}`,
          cause: "portal-user",
          rhythm: officeHours({
            zone: chance.pick(world.accounts).zone,
            tasksPerDay: chance.lognormal(3, 0.5),
            from: 7,
            to: 17,
          }),
          act: (time, luck, emit) =>
            emit.kms({
              time,
              caller,
              via: "sso",
              key: identityKey,
              context: identityContext(central.id, luck.chance(0.5)),
            }),
        });
      },
      1,
    );
  },
};
