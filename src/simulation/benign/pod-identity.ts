import { applicationUses } from "../application.ts";
import { type Caller, roleSession } from "../caller.ts";
import { serviceName } from "../names.ts";
import { Random } from "../random.ts";
import { diurnal } from "../rhythm.ts";
import { sdkOf } from "../staff.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** Pods with a web identity of their cluster: each process makes a session named after the second of its start. */
export const podIdentity: BenignKind = {
  name: "pod-identity",
  plant(world, random) {
    forShare(
      world,
      random,
      0.06,
      (chance) => {
        const account = chance.pick(world.accounts);
        const role = world.unique(() => `${serviceName(chance)}-irsa`);
        const perDay = load(world, chance, 25, 1500);
        const lifeMs = chance.integer(2, 48) * 3_600_000;
        const pods = chance.integer(1, 8);
        const living = new Map<string, Caller>();
        const callerAt = (timeMs: number, luck: Random): Caller => {
          const pod = luck.integer(0, pods - 1);
          const bornMs = (Math.floor(timeMs / lifeMs + pod / pods) - pod / pods) * lifeMs;
          const second = Math.floor(bornMs / 1000) + pod;
          const known = living.get(`${pod}/${second}`);
          if (known !== undefined) return known;
          const caller = sessionOf(account, role, second);
          if (living.size > 50) living.clear();
          living.set(`${pod}/${second}`, caller);
          return caller;
        };
        const resident = {
          entity: sessionOf(account, role, 0).entity,
          kind: "service" as const,
          account,
          zone: account.zone,
          uses: applicationUses(world, account, role, chance),
          perDay,
          fromDay: 0,
          toDay: Number.POSITIVE_INFINITY,
          callerAt,
        };
        const rhythm = diurnal({
          perDay,
          zone: account.zone,
          peakHour: chance.integer(10, 19),
          night: chance.fraction() * 0.5,
          weekend: 0.2 + chance.fraction() * 0.8,
          evenness: 0.6 + chance.fraction() * 6,
        });
        world.settle("pod-identity", resident, rhythm);
      },
      1,
    );
  },
};

function sessionOf(
  account: { id: string; address: string; region: string },
  role: string,
  second: number,
): Caller {
  const cluster = new Random(`cluster/${account.id}`).text(32, "0123456789ABCDEF");
  const federatedProvider = `arn:aws:iam::${account.id}:oidc-provider/oidc.eks.${account.region}.amazonaws.com/id/${cluster}`;
  return roleSession({
    accountId: account.id,
    role,
    session: `botocore-session-${second}`,
    sessionHours: 1,
    sourceAddress: account.address,
    userAgent: sdkOf(role),
    context: { webIdFederationData: { federatedProvider, attributes: {} } },
  });
}
