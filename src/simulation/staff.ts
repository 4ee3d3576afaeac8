import { type Caller, person, roleSession } from "./caller.ts";
import { type Zone, hourMs } from "./calendar.ts";
import { resourceId } from "./names.ts";
import { Random } from "./random.ts";
import type { Use } from "./use.ts";
import type { Account, Resident, ResidentKind } from "./world.ts";

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
      ...(options.userAgent === undefined ? {} : { userAgent: options.userAgent }),
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

/** Someone whose caller is made already. */
export function callerResident(options: StaffOptions & { readonly caller: Caller }): Resident {
  return resident(options, [options.caller], () => options.caller);
}

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
