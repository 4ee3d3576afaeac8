import type { Caller } from "../caller.ts";
import { dayMs, hourMs } from "../calendar.ts";
import { homeAddress } from "../desk.ts";
import type { Emit } from "../emit.ts";
import type { TrailKey } from "../key.ts";
import { Random } from "../random.ts";
import type { CloudTrailRecord, KmsCall } from "../record.ts";
import { within } from "../rhythm.ts";
import { type Strength, type TruthAttack, strengths } from "../truth.ts";
import type { Account } from "../account.ts";
import type { Resident, World } from "../world.ts";

/** A kind of attack: one file each. */
export interface AttackKind {
  /** Name of its file. */
  readonly name: string;
  /** Theft of data with somebody's rights: what mostly happens, and comes twice where others come once. */
  readonly isCommon?: boolean;
  /** It takes an account's records away: then nothing else is staged there. */
  readonly silences?: boolean;
  /** It makes keys fail for everyone: what nobody can use is not stolen with. */
  readonly breaks?: boolean;
  /** Days that it takes; it begins early enough to be over before the trail is. */
  readonly lastsDays?: number;
  /** Sets the scene; undefined where the organization has no victim that makes sense. */
  stage(scene: Scene): Outcome | undefined;
}

/** What an attack is about. */
export interface Outcome {
  readonly principals: readonly string[];
  readonly keys: readonly TrailKey[];
  readonly account: string;
  readonly story: string;
  /** From when on it does harm; by default from its first record on. */
  readonly harmMs?: number;
  readonly wholeAccount?: boolean;
  readonly breaksKeys?: boolean;
  /** Bounds where no record tells them. */
  readonly span?: { readonly fromMs: number; readonly toMs: number };
}

export interface Step {
  readonly timeMs: number;
  /** Part of ordinary life that the attack presupposes, not of the attack. */
  readonly ordinary: boolean;
  act(timeMs: number, random: Random, emit: Emit): void;
}

/** Where and when an attack happens, and with what strength. */
export class Scene {
  readonly world: World;
  readonly random: Random;
  readonly strength: Strength;
  /** When it may begin. */
  readonly startMs: number;
  readonly steps: Step[] = [];
  readonly #taken: Set<string>;
  readonly #broken: ReadonlySet<string>;

  constructor(
    world: World,
    placement: {
      random: Random;
      strength: Strength;
      startMs: number;
      taken: Set<string>;
      broken: ReadonlySet<string>;
    },
  ) {
    this.world = world;
    this.random = placement.random;
    this.strength = placement.strength;
    this.startMs = placement.startMs;
    this.#taken = placement.taken;
    this.#broken = placement.broken;
  }

  /** One of three sizes, by the strength of the attack. */
  size<Size>(weak: Size, medium: Size, strong: Size): Size {
    return { weak, medium, strong }[this.strength];
  }

  /** Local midnight of the attack's date in UTC, plus so many hours. */
  hour(hours: number): number {
    return Math.floor(this.startMs / dayMs) * dayMs + hours * hourMs;
  }

  /**
   * A resident that was there from the first two weeks on, whose keys work, and that no other attack has chosen. Credentials of busy
   * roles lie in more places than those of others, and the weaker an attack, the more it needs a crowd to hide in.
   */
  victim(suits: (resident: Resident) => boolean): Resident | undefined {
    const { attacksFrom } = this.world.options;
    const suitable = this.world.residents.filter(
      (resident) =>
        !this.#taken.has(resident.entity) &&
        !this.isSilent(resident.account.id) &&
        !resident.uses.some(({ key }) => this.#broken.has(key.arn)) &&
        resident.fromDay <= attacksFrom / 2 &&
        resident.toDay > attacksFrom + 14 &&
        suits(resident),
    );
    if (suitable.length === 0) return undefined;
    const places = Array.from({ length: this.size(4, 3, 2) }, () => this.random.pick(suitable));
    const chosen = places.reduce((most, place) => (place.perDay > most.perDay ? place : most));
    this.#taken.add(chosen.entity);
    return chosen;
  }

  /** A key that some resident uses and that no other attack has chosen. */
  busyKey(suits: (key: TrailKey) => boolean = () => true): TrailKey | undefined {
    const keys = new Set(
      this.world.residents
        .filter(({ perDay, kind }) => perDay >= 5 && kind !== "rare")
        .flatMap(({ uses }) => uses.map(({ key }) => key)),
    );
    const free = [...keys].filter(
      (key) => !this.#taken.has(key.arn) && !this.isSilent(key.accountId) && suits(key),
    );
    if (free.length === 0) return undefined;
    const key = this.random.pick(free);
    this.#taken.add(key.arn);
    return key;
  }

  /** Someone with rights to administrate, whose session is in strange hands or who turned bad. */
  administrator(): Resident | undefined {
    const of = (wanted: string) => this.victim(({ kind }) => kind === wanted);
    // Whoever takes over a pipeline has its rights, and its habits to hide in.
    if (this.random.chance(0.4)) return of("pipeline") ?? of("administrator") ?? of("person");
    return of("administrator") ?? of("person");
  }

  /** A busy key of someone's account, mostly one that they have looked at before. */
  keyOf(actor: Resident | undefined): TrailKey | undefined {
    if (actor === undefined) return undefined;
    const known = new Set(actor.uses.map(({ key }) => key.arn));
    const own = this.random.chance(0.75) ? this.busyKey(({ arn }) => known.has(arn)) : undefined;
    return own ?? this.busyKey(({ accountId }) => accountId === actor.account.id);
  }

  /** An address that the victim does not call from: of a hoster, or of an ordinary line as people have at home. */
  strangeAddress(): string {
    return this.random.chance(0.5)
      ? `203.0.113.${this.random.integer(2, 250)}`
      : homeAddress(this.random);
  }

  /** A client of another family than the victim's own. */
  strangeClient(own: string): string {
    const clients = [
      "aws-cli/2.9.19 Python/3.11.2 Linux/6.6.9-amd64 exe/x86_64 prompt/off",
      "Boto3/1.26.90 Python/3.9.2 Linux/5.10.0-kali7-amd64 Botocore/1.29.90",
      "aws-sdk-go-v2/1.16.4 os/linux lang/go/1.19.1 md/GOOS/linux",
    ];
    const family = /^[a-z]+(?:-[a-z]+)*/i.exec(own)?.[0] ?? "";
    return this.random.pick(clients.filter((client) => !client.startsWith(family)));
  }

  /** An account in which it can be seen. */
  account(): Account | undefined {
    const visible = this.world.accounts.filter(({ id }) => !this.isSilent(id));
    return visible.length === 0 ? undefined : this.random.pick(visible);
  }

  /** Whether an account's records are lost around the time of the attack. */
  isSilent(accountId: string): boolean {
    return this.world.isQuiet(accountId, this.startMs - dayMs, this.startMs + 2 * dayMs);
  }

  step(timeMs: number, act: Step["act"], ordinary = false): void {
    this.steps.push({ timeMs: Math.floor(timeMs / 1000) * 1000, ordinary, act });
  }

  call(call: KmsCall & { readonly time: number }): void {
    this.step(call.time, (_timeMs, _random, emit) => emit.kms(call));
  }

  /** So many calls within so many minutes of a time. */
  burst(
    count: number,
    startMs: number,
    minutes: number,
    make: (nth: number, random: Random) => Omit<KmsCall, "time">,
  ): void {
    for (let nth = 0; nth < count; nth += 1) {
      const time = nth === 0 ? startMs : within(startMs, minutes, this.random);
      this.step(time, (timeMs, random, emit) => emit.kms({ ...make(nth, random), time: timeMs }));
    }
  }
}

/** An attack with its place in time, and what became of it. */
export class StagedAttack {
  readonly id: string;
  readonly steps: readonly Step[];
  readonly #kind: string;
  readonly #strength: Strength;
  readonly #outcome: Outcome;
  readonly #eventIds: string[] = [];
  #records = 0;
  #first = "";
  #last = "";

  constructor(id: string, kind: string, scene: Scene, outcome: Outcome) {
    this.id = id;
    this.steps = scene.steps;
    this.#kind = kind;
    this.#strength = scene.strength;
    this.#outcome = outcome;
  }

  note(record: CloudTrailRecord): void {
    this.#records += 1;
    if (this.#eventIds.length < MOST_IDS) this.#eventIds.push(record.eventID);
    if (this.#first === "" || record.eventTime < this.#first) this.#first = record.eventTime;
    if (record.eventTime > this.#last) this.#last = record.eventTime;
  }

  /** Its entry in the truth; none where nothing of it happened within the trail. */
  truth(): TruthAttack[] {
    const { span, harmMs, principals, keys, account, story } = this.#outcome;
    const start = span === undefined ? this.#first : iso(span.fromMs);
    const end = span === undefined ? this.#last : iso(span.toMs);
    if (start === "") return [];
    return [
      {
        id: this.id,
        kind: this.#kind,
        strength: this.#strength,
        start,
        end,
        harm: harmMs === undefined ? start : iso(harmMs),
        principals: [...new Set(principals)],
        keys: [...new Set(keys.map(({ arn }) => arn))],
        account,
        wholeAccount: this.#outcome.wholeAccount ?? false,
        breaksKeys: this.#outcome.breaksKeys ?? false,
        records: this.#records,
        eventIds: this.#eventIds,
        story,
      },
    ];
  }
}

/** Chooses kinds, strengths, places and victims by the seed: round by round, in each of which every kind has its turn. */
export function stageAttacks(
  world: World,
  kinds: readonly AttackKind[],
  options: { readonly attacks: number; readonly strength: Strength | "mixed" },
): StagedAttack[] {
  const random = new Random(`${world.options.seed}/attacks`);
  const order: AttackKind[] = [];
  const round = [...kinds, ...kinds.filter(({ isCommon }) => isCommon)];
  while (order.length < options.attacks * MOST_TRIES) order.push(...random.shuffle(round));
  // What silences an account comes first, so that nothing that nobody can see is staged there, and what breaks keys next.
  const planned = order.slice(0, options.attacks);
  const quiet = planned.filter(({ silences }) => silences === true);
  const breaking = planned.filter(({ breaks }) => breaks === true);
  const others = planned.filter(({ silences, breaks }) => silences !== true && breaks !== true);
  const taken = new Set<string>();
  const broken = new Set<string>();
  const staged: StagedAttack[] = [];
  const all = [...quiet, ...breaking, ...others, ...order.slice(options.attacks)];
  for (const [nth, kind] of all.entries()) {
    if (staged.length >= options.attacks) break;
    if (nth >= options.attacks && kind.silences === true) continue;
    const id = `attack-${String(staged.length + 1).padStart(3, "0")}`;
    const at = place(world, random, kind.lastsDays ?? 0);
    const placement = { ...at, random: random.fork(`${nth}`), taken, broken };
    const strength = options.strength === "mixed" ? placement.strength : options.strength;
    const scene = new Scene(world, { ...placement, strength });
    const outcome = kind.stage(scene);
    if (outcome === undefined) continue;
    if (outcome.breaksKeys === true) for (const { arn } of outcome.keys) broken.add(arn);
    staged.push(new StagedAttack(id, kind.name, scene, outcome));
  }
  return staged;
}

/** Kinds tried for each attack wanted: some find no victim. */
const MOST_TRIES = 3;

function place(
  world: World,
  random: Random,
  lastsDays: number,
): { startMs: number; strength: Strength } {
  const { attacksFrom, days } = world.options;
  const day = random.integer(attacksFrom, Math.max(attacksFrom, days - 2 - lastsDays));
  const startMs = world.dayMs(day) + random.integer(0, 24 * 3600 - 1) * 1000;
  return { startMs, strength: random.pick(strengths) };
}

/** The entity under which a caller of another account appears in the key owner's trail. */
export function outsideEntity(caller: Caller): string {
  return `arn:aws:iam::${caller.accountId}:root`;
}

const MOST_IDS = 5000;

function iso(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}
