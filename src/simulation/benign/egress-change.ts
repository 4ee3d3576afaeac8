import type { BenignKind } from "./kind.ts";

/** A network is rebuilt: an account's gateway gets another address, or a second gateway takes half of the machines' calls. */
export const egressChange: BenignKind = {
  name: "egress-change",
  plant(world, random) {
    for (const { address } of world.accounts) {
      if (!random.chance(0.3)) continue;
      const fromMs = world.dayMs(random.integer(3, world.options.days)) + 9 * 3_600_000;
      const fresh = `198.19.${random.integer(0, 255)}.${random.integer(2, 250)}`;
      world.moveAddress(address, fresh, { fromMs, part: random.chance(0.4) ? 0.5 : 1 });
    }
  },
};
