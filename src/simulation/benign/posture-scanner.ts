import { roleSession } from "../caller.ts";
import { utc } from "../calendar.ts";
import { job } from "../rhythm.ts";
import { callerResident } from "../staff.ts";
import { looks } from "../use.ts";
import type { BenignKind } from "./kind.ts";

/** A posture scanner that looks at all keys of all accounts once a day, and again where it was slow. */
export const postureScanner: BenignKind = {
  name: "posture-scanner",
  plant(world, random) {
    const atMinutes = random.integer(0, 23 * 60);
    for (const account of world.accounts) {
      const caller = roleSession({
        accountId: account.id,
        role: "security-posture-scanner",
        session: "scan",
        sourceAddress: "198.18.200.10",
        userAgent: "Boto3/1.38.1 md/Botocore#1.38.1 lang/python#3.12.3 posture-scanner/4.2",
      });
      const uses = [looks(account.secretsKey)];
      world.residents.push(callerResident({ account, kind: "scanner", caller, uses, perDay: 50 }));
      world.activities.push({
        name: `posture-scanner/${account.id}`,
        cause: "posture-scanner",
        rhythm: job({
          zone: utc,
          atMinutes,
          jitterMinutes: 45,
          durationMinutes: 1,
          perRun: 1,
          evenness: 1000,
        }),
        act(time, _luck, emit) {
          const keys = [account.secretsKey, account.volumesKey, ...account.dataKeys];
          emit.kms({ time, caller, name: "ListKeys", key: account.secretsKey, parameters: null });
          emit.kms({
            time,
            caller,
            name: "ListAliases",
            key: account.secretsKey,
            parameters: null,
          });
          for (const [nth, key] of keys.entries()) {
            for (const [step, name] of sweep.entries()) {
              emit.kms({ time: time + nth * 2000 + step * 1000, caller, name, key });
            }
          }
        },
      });
    }
  },
};

const sweep = ["DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus", "ListGrants"];
