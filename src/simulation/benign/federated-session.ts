import { federatedUser } from "../federation.ts";
import { serviceName } from "../names.ts";
import { diurnal } from "../rhythm.ts";
import { ownData } from "../use.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** Old applications in which an IAM user signs federated sessions, one for each customer: GetFederationToken. */
export const federatedSession: BenignKind = {
  name: "federated-session",
  plant(world, random) {
    forShare(
      world,
      random,
      0.006,
      (chance) => {
        const account = chance.pick(world.accounts);
        const user = world.unique(() => `${serviceName(chance)}-broker`);
        const key = world.dataKey(account, user, chance);
        const callers = Array.from({ length: chance.integer(2, 30) }, (_, nth) =>
          federatedUser({
            accountId: account.id,
            user,
            session: `customer-${nth}`,
            sourceAddress: account.address,
          }),
        );
        const [first] = callers;
        if (first === undefined) return;
        const perDay = load(world, chance, 20, 400);
        const resident = {
          entity: first.entity,
          kind: "service" as const,
          account,
          zone: account.zone,
          uses: [ownData(key, user, { tenants: callers.length })],
          perDay,
          fromDay: 0,
          toDay: Number.POSITIVE_INFINITY,
          callerAt: (_timeMs: number, luck: typeof chance) => luck.pick(callers),
        };
        const rhythm = diurnal({
          perDay,
          zone: account.zone,
          peakHour: 13,
          night: 0.1,
          weekend: 0.3,
          evenness: 3,
        });
        world.settle("federated-session", resident, rhythm);
      },
      1,
    );
  },
};
