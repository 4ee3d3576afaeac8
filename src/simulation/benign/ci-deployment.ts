import { type Caller, pipeline } from "../caller.ts";
import { localTimeMs } from "../calendar.ts";
import { parameterContext, secretContext } from "../context.ts";
import { within } from "../rhythm.ts";
import { callerResident } from "../staff.ts";
import { looks } from "../use.ts";
import { type BenignKind, forShare } from "./kind.ts";

/** Deployment pipelines: on working days, in bursts, with secrets and parameters of whatever is deployed. */
export const ciDeployment: BenignKind = {
  name: "ci-deployment",
  plant(world, random) {
    forShare(
      world,
      random,
      0.02,
      (chance) => {
        const account = chance.pick(world.accounts);
        const role = world.unique(() => `ci-deploy-${chance.integer(1, 99)}a`);
        const jobs = ["build", "deploy", "migrate"];
        const callers: Caller[] = jobs.map((job) => pipeline({ accountId: account.id, role, job }));
        const [caller] = callers;
        if (caller === undefined) return;
        const perDay = chance.lognormal(4, 0.7);
        const resident = callerResident({
          account,
          kind: "pipeline",
          caller,
          uses: [
            world.secretsUse(account, 8, chance),
            world.parametersUse(account, 20, chance),
            looks(account.secretsKey, 0.3),
          ],
          perDay: perDay * 12,
        });
        world.residents.push(resident);
        world.activities.push({
          name: `ci-deployment/${role}`,
          cause: "ci-deployment",
          rhythm: (day, luck) => {
            if (day.weekend && !luck.chance(0.1)) return [];
            const count = luck.burstyCount(perDay, 2);
            return Array.from({ length: count }, () =>
              within(localTimeMs(day, luck.integer(8, 19) * 60, account.zone), 60, luck),
            );
          },
          act(timeMs, luck, emit) {
            const by = luck.pick(callers);
            const reads = luck.integer(3, 25);
            for (let nth = 0; nth < reads; nth += 1) {
              const time = timeMs + nth * 1000;
              const isSecret = luck.chance(0.4);
              const context = isSecret
                ? secretContext(account.id, luck.pick(account.secretNames))
                : parameterContext(account.id, luck.pick(account.parameterPaths));
              const key = isSecret ? account.secretsKey : account.parametersKey;
              const via = isSecret ? "secretsmanager" : "AWS Internal";
              emit.kms({ time, caller: by, key, via, context });
            }
          },
        });
      },
      2,
    );
  },
};
