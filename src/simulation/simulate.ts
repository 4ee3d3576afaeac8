import { attackKinds } from "./attacks/attacks.ts";
import { type StagedAttack, stageAttacks } from "./attacks/stage.ts";
import { benignKinds } from "./benign/benign.ts";
import { dayMs, hourMs } from "./calendar.ts";
import { type Emit, emitter } from "./emit.ts";
import { Random } from "./random.ts";
import type { CloudTrailRecord } from "./record.ts";
import type { Strength, Truth } from "./truth.ts";
import { World, type WorldOptions } from "./world.ts";

/** What is simulated. The same options give the same records, on every machine. */
export interface SimulationOptions extends WorldOptions {
  readonly attacks: number;
  readonly strength: Strength | "mixed";
}

/** The records of one hour in the order of their event times. */
export interface SimulatedHour {
  readonly startMs: number;
  readonly records: readonly CloudTrailRecord[];
}

/** A simulation: its hours once, then the truth about them. */
export interface Simulation {
  /** Hours in order; memory holds one hour of records and two days of appointments. */
  hours(): Generator<SimulatedHour>;
  /** The truth about the hours generated so far. */
  truth(): Truth;
}

/** Plans an organization out of a seed, and the attacks on it. */
export function simulate(options: SimulationOptions): Simulation {
  const world = new World(options);
  const late = benignKinds.filter(({ isLate }) => isLate === true);
  for (const kind of [...benignKinds.filter(({ isLate }) => isLate !== true), ...late]) {
    const random = new Random(`${options.seed}/benign/${kind.name}`);
    kind.plant(world, random);
  }
  const attacks = stageAttacks(world, attackKinds, options);
  const counts = { records: 0, kmsRecords: 0 };
  return {
    *hours() {
      const agenda = new Agenda(world, attacks);
      const hourCount = options.days * 24;
      for (let hour = 0; hour < hourCount; hour += 1) {
        const records = agenda.perform(hour);
        counts.records += records.length;
        for (const { eventSource } of records) {
          if (eventSource === "kms.amazonaws.com") counts.kmsRecords += 1;
        }
        yield { startMs: options.firstMs + hour * hourMs, records };
      }
    },
    truth: () => truthOf(world, attacks, options, counts),
  };
}

/** What writes the records of an occasion. */
interface Performer {
  act(timeMs: number, random: Random, emit: Emit): void;
}

interface Appointment {
  readonly timeMs: number;
  readonly performer: Performer;
  readonly random: Random;
  readonly emit: Emit;
}

/** Who does what in which hour. */
class Agenda {
  readonly #world: World;
  readonly #hours = new Map<number, Appointment[]>();
  #plannedDays = -1;
  #records: CloudTrailRecord[] = [];

  constructor(world: World, attacks: readonly StagedAttack[]) {
    this.#world = world;
    for (const attack of attacks) {
      const random = new Random(`${world.options.seed}/${attack.id}/records`);
      const emit = emitter(world, undefined, random, (record) => {
        attack.note(record);
        this.#records.push(record);
      });
      const chance = random.fork("ordinary");
      const ordinary = emitter(world, "formerly-active", chance, (record) =>
        this.#records.push(record),
      );
      for (const step of attack.steps) {
        const { timeMs } = step;
        if (step.ordinary) this.#enter({ timeMs, performer: step, random: chance, emit: ordinary });
        else this.#enter({ timeMs, performer: step, random, emit });
      }
    }
  }

  perform(hour: number): CloudTrailRecord[] {
    // Local dates begin up to 14 hours before their UTC date, so that they are planned a day ahead.
    while (this.#plannedDays <= Math.floor(hour / 24) + 1) this.#plan(this.#plannedDays);
    const appointments = this.#hours.get(hour) ?? [];
    this.#hours.delete(hour);
    appointments.sort((a, b) => a.timeMs - b.timeMs);
    this.#records = [];
    for (const { timeMs, performer, random, emit } of appointments) {
      performer.act(timeMs, random, emit);
    }
    return this.#records.sort((a, b) => compareText(a.eventTime, b.eventTime));
  }

  #plan(index: number): void {
    this.#plannedDays = index + 1;
    const day = this.#world.day(index);
    for (const activity of this.#world.activities) {
      const random = new Random(`${this.#world.options.seed}/${activity.name}/${index}`);
      const times = activity.rhythm(day, random);
      if (times.length === 0) continue;
      const emit = emitter(this.#world, activity.cause, random, (record) =>
        this.#records.push(record),
      );
      for (const timeMs of times) this.#enter({ timeMs, performer: activity, random, emit });
    }
  }

  #enter(appointment: Appointment): void {
    const { firstMs, days } = this.#world.options;
    const hour = Math.floor((appointment.timeMs - firstMs) / hourMs);
    if (hour < 0 || hour >= days * 24) return;
    const appointments = this.#hours.get(hour);
    if (appointments === undefined) this.#hours.set(hour, [appointment]);
    else appointments.push(appointment);
  }
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function truthOf(
  world: World,
  attacks: readonly StagedAttack[],
  options: SimulationOptions,
  counts: { records: number; kmsRecords: number },
): Truth {
  const judgedFromMs = options.firstMs + options.attacksFrom * dayMs;
  const active = [...world.lastUseMs.values()].filter((timeMs) => timeMs >= judgedFromMs).length;
  const iso = (timeMs: number): string => new Date(timeMs).toISOString();
  return {
    version: 1,
    seed: options.seed,
    from: iso(options.firstMs),
    to: iso(options.firstMs + options.days * dayMs),
    judgedFrom: iso(judgedFromMs),
    judgedTo: iso(options.firstMs + options.days * dayMs),
    accounts: world.accounts.map(({ id }) => id),
    approvedForeignAccounts: world.vendors.map(({ caller }) => caller.accountId),
    activePrincipals: active,
    ...counts,
    principals: listed(world.causes),
    keys: listed(world.keyCauses),
    attacks: attacks.flatMap((attack) => attack.truth()),
  };
}

function listed(notes: ReadonlyMap<string, ReadonlySet<string>>): Record<string, string[]> {
  const sorted = [...notes].sort(([a], [b]) => compareText(a, b));
  return Object.fromEntries(sorted.map(([name, causes]) => [name, [...causes].sort()]));
}
