import { roleSession } from "../caller.ts";
import { denied } from "../emit.ts";
import { clockwork } from "../rhythm.ts";
import { functionContext } from "../context.ts";
import type { BenignKind } from "./kind.ts";

/** AWS Config asks for functions' environment variables and is refused, every few hours, in every account. */
export const configRecorder: BenignKind = {
  name: "config-recorder",
  plant(world, random) {
    for (const account of world.accounts) {
      const caller = roleSession({
        accountId: account.id,
        role: "aws-controltower-ConfigRecorderRole",
        session: "LambdaDescribeHandlerSession",
      });
      const functions = random.integer(2, 12);
      world.activities.push({
        name: `config-recorder/${account.id}`,
        cause: "config-recorder",
        rhythm: clockwork(random.pick([180, 360, 720]), random.integer(0, 179)),
        act(timeMs, luck, emit) {
          for (let nth = 0; nth < functions; nth += 1) {
            const key = account.dataKeys[nth % Math.max(1, account.dataKeys.length)];
            if (key === undefined || luck.chance(0.1)) continue;
            emit.kms({
              time: timeMs + nth * 1000,
              caller,
              via: "config",
              key,
              context: functionContext(account.id, `function-${nth}`),
              error: denied("Decrypt", key.arn),
            });
          }
        },
      });
    }
  },
};
