import { type Caller, person, roleSession } from "./caller.ts";
import { type Zone, hourMs } from "./calendar.ts";
import { resourceId } from "./names.ts";
import { Random } from "./random.ts";
import type { Use } from "./use.ts";
import type { Account } from "./account.ts";
import type { Resident, ResidentKind } from "./world.ts";

interface StaffOptions {
  readonly account: Account;
  readonly kind: ResidentKind;
  readonly uses: readonly Use[];
  readonly perDay: number;
  readonly zone?: Zone;
  readonly fromDay?: number;
  readonly toDay?: number;
}

/** A role with a few sessions that come and go: tasks of a container service, a function, a job. */
export function roleResident(
  options: StaffOptions & {
    readonly role: string;
    /** Names of sessions; one of them makes each call. */
    readonly sessions: readonly string[];
    readonly path?: string;
    readonly userAgent?: string;
    readonly sourceAddress?: string;
    readonly sessionHours?: number;
  },
): Resident {
  const { account, role, path, sessionHours } = options;
  const callers = options.sessions.map((session) =>
    roleSession({
      accountId: account.id,
      role,
      session,
      sourceAddress: options.sourceAddress ?? account.address,
      userAgent: options.userAgent ?? sdkOf(role),
      ...(path === undefined ? {} : { path }),
      ...(sessionHours === undefined ? {} : { sessionHours }),
    }),
  );
  return resident(options, callers, (_timeMs, random) => random.pick(callers));
}

/** A role whose sessions are named after machines, each of which lives for so many hours. */
export function fleetResident(
  options: StaffOptions & {
    readonly role: string;
    readonly machines: number;
    readonly lifeHours: number;
  },
): Resident {
  const { account, role, machines } = options;
  const lifeMs = options.lifeHours * hourMs;
  const machine = (place: number, life: number): Caller =>
    roleSession({
      accountId: account.id,
      role,
      session: resourceId("i", new Random(`machine/${account.id}/${role}/${place}/${life}`)),
      sourceAddress: account.address,
      context: { ec2RoleDelivery: "2.0" },
    });
  const living = new Map<number, { life: number; caller: Caller }>();
  return resident(options, [machine(0, 0)], (timeMs, random) => {
    const place = random.integer(0, machines - 1);
    const life = Math.floor(timeMs / lifeMs + place / machines);
    const known = living.get(place);
    if (known?.life === life) return known.caller;
    const caller = machine(place, life);
    living.set(place, { life, caller });
    return caller;
  });
}

/** Someone with a permission set, who works from a place. */
export function personResident(
  options: StaffOptions & {
    readonly name: string;
    readonly permissionSet: string;
    readonly address: string;
    /** Where the person is at a time; by default always at the address. */
    readonly addressAt?: (timeMs: number) => string;
    readonly userAgent?: string;
  },
): Resident {
  const { account, permissionSet, name, address, addressAt } = options;
  const at = (sourceAddress: string): Caller =>
    person({
      accountId: account.id,
      permissionSet,
      name,
      sourceAddress,
      ...(options.userAgent === undefined ? {} : { userAgent: options.userAgent }),
    });
  const home = at(address);
  const places = new Map([[address, home]]);
  return resident(options, [home], (timeMs) => {
    const place = addressAt?.(timeMs) ?? address;
    const caller = places.get(place) ?? at(place);
    places.set(place, caller);
    return caller;
  });
}

/** The SDK that a service is built with. */
export function sdkOf(service: string): string {
  return new Random(`sdk/${service}`).pick(sdks);
}

/** Someone whose caller is made already. */
export function callerResident(options: StaffOptions & { readonly caller: Caller }): Resident {
  return resident(options, [options.caller], () => options.caller);
}

const sdks = [
  "Boto3/1.38.23 md/Botocore#1.38.23 ua/2.1 os/linux#6.1.134 md/arch#x86_64 lang/python#3.12.9",
  "Boto3/1.35.99 md/Botocore#1.35.99 ua/2.0 os/linux#5.10.234 md/arch#x86_64 lang/python#3.11.11",
  "aws-sdk-java/2.31.50 ua/2.1 os/Linux#6.1.134 lang/java#21.0.7 md/OpenJDK_64-Bit_Server_VM",
  "aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.24.3 md/GOOS#linux md/GOARCH#arm64",
  "aws-sdk-js/3.812.0 ua/2.1 os/linux#6.1.134 lang/js md/nodejs#22.15.1 api/kms#3.812.0",
  "aws-sdk-dotnet-coreclr/3.7.401.12 ua/2.0 os/linux lang/.NET_Core#8.0.15",
];

function resident(
  options: StaffOptions,
  callers: readonly Caller[],
  callerAt: Resident["callerAt"],
): Resident {
  const [first] = callers;
  if (first === undefined) throw new RangeError("a resident needs a session");
  const { account, kind, uses, perDay, fromDay = 0, toDay = Number.POSITIVE_INFINITY } = options;
  const zone = options.zone ?? account.zone;
  return { entity: first.entity, kind, account, zone, uses, perDay, fromDay, toDay, callerAt };
}
