import { type Account, accountId, newAccount } from "./account.ts";
import { type Caller, stolen } from "./caller.ts";
import { type Day, type Zone, dayMs, dayOf, zones } from "./calendar.ts";
import type { Emit, TrailState } from "./emit.ts";
import { type TrailKey, trailKey } from "./key.ts";
import { Leaning } from "./leaning.ts";
import { Random } from "./random.ts";
import type { CloudTrailRecord } from "./record.ts";
import { type Rhythm, withSpells } from "./rhythm.ts";
import { type Use, parameters, pickUse, secrets } from "./use.ts";

/** Size and time of a simulated organization. */
export interface WorldOptions {
  readonly seed: number;
  readonly days: number;
  /** Midnight UTC of the first day. */
  readonly firstMs: number;
  /** About how many principals use KMS on ordinary days. */
  readonly principals: number;
  readonly accounts: number;
  /** Days from which on alerts are judged and attacks happen. */
  readonly attacksFrom: number;
  /** Factor of everyone's traffic. */
  readonly scale: number;
  readonly kmsOnly: boolean;
}

export type ResidentKind =
  | "service"
  | "fleet"
  | "function"
  | "job"
  | "person"
  | "administrator"
  | "pipeline"
  | "scanner"
  | "rare"
  | "signer";

/** Someone who lives in the organization and uses keys; what an attack chooses its victims from. */
export interface Resident {
  readonly entity: string;
  readonly kind: ResidentKind;
  readonly account: Account;
  readonly zone: Zone;
  readonly uses: readonly Use[];
  /** Mean calls of a day on which it works. */
  readonly perDay: number;
  readonly fromDay: number;
  readonly toDay: number;
  callerAt(timeMs: number, random: Random): Caller;
}

/** Something that goes on, day after day. */
export interface Activity {
  /** Unique in a world: chance is drawn by it, so that one activity does not disturb another. */
  readonly name: string;
  /** Name of the benign behaviour. */
  readonly cause: string;
  readonly rhythm: Rhythm;
  /** Writes the records of one occasion, none earlier than its time. */
  act(timeMs: number, random: Random, emit: Emit): void;
}

/** Someone in a foreign account who may use a key of ours: declared, with an owner. */
export interface Vendor {
  readonly caller: Caller;
  readonly key: TrailKey;
  /** Where the objects are that it is given. */
  readonly bucket: string;
}

/** An organization in the making: accounts, keys, residents, and what goes on. */
export class World implements TrailState {
  readonly options: WorldOptions;
  readonly random: Random;
  readonly accounts: readonly Account[];
  readonly residents: Resident[] = [];
  readonly activities: Activity[] = [];
  readonly holidays: ReadonlySet<number>;
  readonly vendors: Vendor[] = [];
  /** Declared roles for emergencies. */
  readonly breakGlassRoles: string[] = [];
  /** The key of Identity Center. */
  identityKey: TrailKey | undefined;
  readonly kmsOnly: boolean;
  /** Principal → benign behaviours. */
  readonly causes = new Map<string, Set<string>>();
  readonly keyCauses = new Map<string, Set<string>>();
  /** Principal → event time of its last call. */
  readonly lastUseMs = new Map<string, number>();
  readonly #campaigns = new Map<number, number>();
  readonly #moves = new Map<string, { fromMs: number; part: number; sourceAddress: string }>();
  readonly #moved = new WeakMap<Caller, Caller>();
  readonly #names = new Set<string>();
  readonly #broken = new Map<string, { fromMs: number; toMs: number; reason: string }>();
  readonly #silences: { accountId: string; fromMs: number; toMs: number }[] = [];
  readonly #ours: ReadonlySet<string>;

  constructor(options: WorldOptions) {
    this.options = options;
    this.kmsOnly = options.kmsOnly;
    this.random = new Random(`world/${options.seed}`);
    const home = this.random.pick(zones);
    this.accounts = Array.from({ length: options.accounts }, (_, nth) =>
      newAccount(accountId(nth), nth, home, this.random),
    );
    this.#ours = new Set(this.accounts.map(({ id }) => id));
    this.holidays = new Set([
      this.random.integer(1, options.days),
      this.random.integer(1, options.days),
    ]);
    for (let day = 2; day < options.days; day += 1) {
      if (!this.random.chance(0.05)) continue;
      const factor = 1.3 + this.random.fraction() * 1.4;
      for (let more = this.random.integer(1, 3); more > 0; more -= 1, day += 1) {
        this.#campaigns.set(day, factor);
      }
    }
  }

  /** The account that holds the trail, the scanners and the backups. */
  get central(): Account {
    const [first] = this.accounts;
    if (first === undefined) throw new RangeError("a world needs an account");
    return first;
  }

  day(index: number): Day {
    return dayOf(this.options.firstMs, index, this.holidays, this.#campaigns.get(index));
  }

  dayMs(index: number): number {
    return this.options.firstMs + index * dayMs;
  }

  /** About such a share of the organization's principals, uneven from seed to seed. */
  share(part: number, random: Random): number {
    const mean = this.options.principals * part * random.lognormal(1, 0.35);
    return Math.floor(mean) + (random.chance(mean % 1) ? 1 : 0);
  }

  /** A name that nobody has yet. */
  unique(make: () => string): string {
    for (let tries = 0; tries < 20; tries += 1) {
      const name = make();
      if (!this.#names.has(name)) {
        this.#names.add(name);
        return name;
      }
    }
    const name = `${make()}-${this.#names.size}x`;
    this.#names.add(name);
    return name;
  }

  /** A new data key of an account. */
  newKey(account: Account, alias: string, region = account.region): TrailKey {
    const key = trailKey(
      account.id,
      this.unique(() => `alias/${alias}`),
      region,
    );
    account.dataKeys.push(key);
    return key;
  }

  /** A data key for a service: its own, or one that others use too. */
  dataKey(account: Account, name: string, random: Random): TrailKey {
    const [...known] = account.dataKeys;
    return known.length < 3 || random.chance(0.45)
      ? this.newKey(account, name)
      : random.pick(known);
  }

  /** Some of an account's secrets. */
  secretsUse(account: Account, count: number, random: Random, weight = 1): Use {
    return secrets(account.secretsKey, someOf(account.secretNames, count, random), weight);
  }

  /** Some of an account's parameters. */
  parametersUse(account: Account, count: number, random: Random, weight = 1): Use {
    return parameters(account.parametersKey, someOf(account.parameterPaths, count, random), weight);
  }

  /** Adds a resident who uses its keys by a rhythm, with spells where software is at work; gives how it leans. */
  settle(cause: string, resident: Resident, rhythm: Rhythm): Leaning {
    this.residents.push(resident);
    const chance = new Random(`${this.options.seed}/spells/${resident.entity}`);
    const perMonth = Math.min(15, chance.lognormal(1.5, 1));
    const factor = chance.lognormal(4, 0.5);
    const leaning = new Leaning(new Random(`${this.options.seed}/leaning/${resident.entity}`));
    const onSpell = (startMs: number, minutes: number): void => leaning.spell(startMs, minutes);
    const hasSpells = /^(?:service|fleet|function|signer)$/.test(resident.kind);
    const name = `${cause}/${resident.entity}`;
    const isTwin = this.activities.some((activity) => activity.name === name);
    this.activities.push({
      // What is drawn follows the name: two of one name would make the same calls.
      name: isTwin ? `${name}/${this.activities.length}` : name,
      cause,
      rhythm: hasSpells ? withSpells(rhythm, { perMonth, factor, onSpell }) : rhythm,
      act: (timeMs, random, emit) => useOnce(resident, leaning, { timeMs, random, emit }),
    });
    return leaning;
  }

  isOurs(accountId: string): boolean {
    return this.#ours.has(accountId);
  }

  /** From a time on, cryptography with the key fails, until it is repaired half a day later. */
  breakKey(keyArn: string, fromMs: number, reason: string): void {
    const toMs = fromMs + dayMs / 2;
    if (!this.#broken.has(keyArn)) this.#broken.set(keyArn, { fromMs, toMs, reason });
  }

  stateOf(keyArn: string, timeMs: number): string | undefined {
    const broken = this.#broken.get(keyArn);
    const isBroken = broken !== undefined && timeMs >= broken.fromMs && timeMs < broken.toMs;
    return isBroken ? broken.reason : undefined;
  }

  /** From a time on, everyone who called from one address calls from another, or a part of their calls does. */
  moveAddress(from: string, to: string, { fromMs, part }: { fromMs: number; part: number }): void {
    this.#moves.set(from, { fromMs, part, sourceAddress: to });
  }

  whereabouts(caller: Caller, timeMs: number): Caller {
    const move = this.#moves.get(caller.sourceAddress);
    if (move === undefined || timeMs < move.fromMs) return caller;
    // By the millisecond: which gateway a call takes is as good as chance.
    if (mixed(timeMs) >= move.part) return caller;
    const known = this.#moved.get(caller);
    const moved = known ?? stolen(caller, move.sourceAddress, caller.userAgent);
    if (known === undefined) this.#moved.set(caller, moved);
    return moved;
  }

  /** An account's records of a span of time are lost. */
  silence(accountId: string, fromMs: number, toMs: number): void {
    this.#silences.push({ accountId, fromMs, toMs });
  }

  /** Whether an account is silent somewhere in a span of time. */
  isQuiet(accountId: string, fromMs: number, toMs: number): boolean {
    return this.#silences.some(
      (silence) =>
        silence.accountId === accountId && silence.fromMs < toMs && silence.toMs > fromMs,
    );
  }

  isSilent(record: Pick<CloudTrailRecord, "recipientAccountId" | "eventTime">): boolean {
    for (const { accountId, fromMs, toMs } of this.#silences) {
      if (accountId !== record.recipientAccountId) continue;
      const timeMs = Date.parse(record.eventTime);
      if (timeMs >= fromMs && timeMs < toMs) return true;
    }
    return false;
  }

  noteUse(entity: string, keyArn: string, cause: string | undefined, timeMs: number): void {
    this.lastUseMs.set(entity, timeMs);
    if (cause === undefined) return;
    note(this.causes, entity, cause);
    note(this.keyCauses, keyArn, cause);
  }
}

interface Occasion {
  readonly timeMs: number;
  readonly random: Random;
  readonly emit: Emit;
}

/** One ordinary use, and sometimes the call of the service that it belongs to. */
function useOnce(resident: Resident, leaning: Leaning, { timeMs, random, emit }: Occasion): void {
  const { use, name } = pickByLeaning(resident.uses, leaning.at(timeMs), random);
  const { key, via, context } = use;
  const parameters = use.parameters?.(name, timeMs);
  const caller = resident.callerAt(timeMs, random);
  if (random.chance(0.06)) {
    const [service, call] = companions[via ?? ""] ?? ["sts", "GetCallerIdentity"];
    const occasion = { time: timeMs, caller, service, name: call, region: key.region };
    emit.other({ ...occasion, parameters: null });
  }
  emit.kms({
    time: timeMs,
    name,
    caller,
    key,
    ...(via === undefined ? {} : { via }),
    ...(context === undefined ? {} : { context: context(random, timeMs) }),
    ...(parameters === undefined ? {} : { parameters }),
  });
}

/** A use, tried again and again where whoever makes it leans the other way. */
function pickByLeaning(uses: readonly Use[], lean: number, random: Random) {
  let use = pickUse(uses, random);
  let name = use.name(random);
  const isAgainst = (): boolean => (lean > 0 ? name !== "Decrypt" : name === "Decrypt");
  if (!isAgainst() || !random.chance(Math.abs(lean))) return { use, name };
  for (let tries = 0; tries < 8 && isAgainst(); tries += 1) {
    use = pickUse(uses, random);
    name = use.name(random);
  }
  return { use, name };
}

const companions: Readonly<Record<string, readonly [string, string]>> = {
  s3: ["s3", "GetObject"],
  secretsmanager: ["secretsmanager", "GetSecretValue"],
  "AWS Internal": ["ssm", "GetParameters"],
  dynamodb: ["dynamodb", "DescribeTable"],
  lambda: ["lambda", "GetFunction20150331v2"],
  ec2: ["ec2", "DescribeVolumes"],
};

/** A number from 0 to 1 that another time gives another of. */
function mixed(timeMs: number): number {
  return (Math.imul(timeMs | 0, 0x9e3779b1) >>> 8) / 2 ** 24;
}

function someOf(names: readonly string[], count: number, random: Random): string[] {
  const start = random.integer(0, names.length - 1);
  return Array.from(
    { length: Math.min(count, names.length) },
    (_, nth) => names[(start + nth) % names.length] ?? "",
  );
}

function note(notes: Map<string, Set<string>>, name: string, cause: string): void {
  const known = notes.get(name);
  if (known === undefined) notes.set(name, new Set([cause]));
  else known.add(cause);
}
