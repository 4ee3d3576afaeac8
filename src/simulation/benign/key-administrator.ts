import { roleArn } from "../caller.ts";
import { localTimeMs } from "../calendar.ts";
import { officeAddress } from "../desk.ts";
import type { Emit } from "../emit.ts";
import type { TrailKey } from "../key.ts";
import { personName } from "../names.ts";
import { policyText } from "../policy.ts";
import type { Random } from "../random.ts";
import { isWorkday, officeHours, together, within } from "../rhythm.ts";
import { personResident } from "../staff.ts";
import { looks } from "../use.ts";
import type { Resident, World } from "../world.ts";
import { type BenignKind, forShare } from "./kind.ts";

/** Platform engineers: they look through keys in the console and now and then change a policy, an alias, a grant. */
export const keyAdministrator: BenignKind = {
  name: "key-administrator",
  isLate: true,
  plant(world, random) {
    forShare(
      world,
      random,
      0.045,
      (chance) => {
        const account = chance.pick(world.accounts);
        const keys = chance.shuffle([account.secretsKey, ...account.dataKeys]).slice(0, 8);
        const tasksPerDay = chance.lognormal(6, 0.6);
        const resident = personResident({
          account,
          kind: "administrator",
          name: world.unique(() => personName(chance)),
          permissionSet: chance.pick(["AdministratorAccess", "PlatformAccess"]),
          address: officeAddress(account, chance),
          uses: [
            ...keys.map((key, nth) => looks(key, 1 / (1 + nth))),
            world.secretsUse(account, 4, chance, 0.6),
            world.parametersUse(account, 6, chance, 0.6),
          ],
          perDay: tasksPerDay,
        });
        const from = chance.integer(7, 9);
        const desk = officeHours({
          zone: account.zone,
          tasksPerDay,
          from,
          to: from + 9,
          late: 0.06,
        });
        world.settle("key-administrator", resident, together(desk));
        const changesPerDay = chance.lognormal(0.3, 0.7);
        world.activities.push({
          name: `key-administrator/${resident.entity}/changes`,
          cause: "key-administrator",
          rhythm: (day, luck) => {
            if (!isWorkday(day)) return [];
            const hour = (): number => localTimeMs(day, luck.integer(9, 17) * 60, account.zone);
            const count = luck.burstyCount(changesPerDay, 0.5);
            return Array.from({ length: count }, () => within(hour(), 60, luck));
          },
          act: (time, luck, emit) => change(world, resident, keys, { time, luck, emit }),
        });
      },
      1,
    );
  },
};

/** One change by hand, after a look at the list. */
function change(
  world: World,
  resident: Resident,
  keys: readonly TrailKey[],
  { time, luck, emit }: { time: number; luck: Random; emit: Emit },
): void {
  const key = luck.pick(keys);
  const caller = resident.callerAt(time, luck);
  const call = { caller, key };
  emit.kms({ ...call, time, name: "ListAliases", parameters: null });
  emit.kms({ ...call, time: time + 4000, name: "DescribeKey" });
  emit.kms({ ...call, time: time + 5000, name: "GetKeyPolicy" });
  const at = time + luck.integer(20, 200) * 1000;
  const user = luck.pick(world.residents.filter(({ account }) => account.id === key.accountId));
  const role = roleArn(user.callerAt(time, luck)) ?? `arn:aws:iam::${key.accountId}:root`;
  const kind = luck.fraction();
  if (kind < 0.35) {
    const Action = ["kms:Decrypt", "kms:GenerateDataKey"];
    const more = { Effect: "Allow", Principal: { AWS: role }, Action, Resource: "*" };
    const policy = policyText(key.accountId, more);
    const parameters = {
      keyId: key.arn,
      policyName: "default",
      policy,
      bypassPolicyLockoutSafetyCheck: false,
    };
    emit.kms({ ...call, time: at, name: "PutKeyPolicy", parameters });
  } else if (kind < 0.55) {
    const parameters = { keyId: key.arn, granteePrincipal: role, operations: ["Decrypt"] };
    const response = { grantId: luck.text(64, "0123456789abcdef"), keyId: key.arn };
    emit.kms({ ...call, time: at, name: "CreateGrant", parameters, response });
  } else if (kind < 0.75) {
    const aliasName = `${key.alias}-${luck.pick(["new", "v2", "archive"])}`;
    const parameters = { aliasName, targetKeyId: key.id };
    emit.kms({ ...call, time: at, name: "CreateAlias", parameters });
  } else if (kind < 0.95) {
    emit.kms({ ...call, time: at, name: luck.pick(["EnableKeyRotation", "TagResource"]) });
  } else {
    emit.kms({ ...call, time: at, name: "UpdateKeyDescription" });
  }
}
