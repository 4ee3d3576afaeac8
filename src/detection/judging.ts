import type { Subject } from "./detector.ts";
import type { DetectorMemory, Due, EntityMemory } from "./memory.ts";

/** Judges what was counted: one slot of a memory, one finding, from an open hour on. */
export interface Judge {
  judge(memory: EntityMemory, slot: number, at: number, subject: Subject): void;
}

/**
 * Counts first, judges afterwards: once for all the events of a batch that may change the same finding, and in any case
 * before the hour they were counted into can close. Levels never fall, so the last look sees what every look would have seen.
 */
export class Judging {
  readonly #judge: Judge;
  readonly #memories: EntityMemory[] = [];

  constructor(judge: Judge) {
    this.#judge = judge;
  }

  /** Notes that an event counted into the open hour at index `at` may have changed these findings. */
  note(
    memory: EntityMemory,
    own: DetectorMemory,
    slot: number,
    at: number,
    subjects: readonly Subject[],
  ): void {
    const { due } = own;
    if (due === null) {
      if (subjects.length === 0) return;
      own.due = { subjects, at, others: null };
      if (memory.due.push(slot) === 1) this.#memories.push(memory);
      return;
    }
    if (subjects === due.subjects || isSameSubject(subjects, due.subjects)) {
      if (at < due.at) due.at = at;
      return;
    }
    for (const subject of subjects) noteOther(due, subject, at);
  }

  /** Judges what is due of one memory. Its hours may close only after that. */
  settle(memory: EntityMemory): void {
    for (const slot of memory.due) {
      const own = memory.slots[slot];
      if (own === undefined || own.due === null) continue;
      const { subjects, at, others } = own.due;
      own.due = null;
      for (const subject of subjects) this.#judge.judge(memory, slot, at, subject);
      if (others === null) continue;
      for (const other of others.values()) this.#judge.judge(memory, slot, other.at, other.subject);
    }
    memory.due.length = 0;
  }

  /** Judges all that is due. */
  settleAll(): void {
    for (const memory of this.#memories) this.settle(memory);
    this.#memories.length = 0;
  }
}

/** Most detectors name at most one finding an event. */
function isSameSubject(one: readonly Subject[], other: readonly Subject[]): boolean {
  return one.length === 1 && other.length === 1 && one[0]?.name === other[0]?.name;
}

function noteOther(due: Due, subject: Subject, at: number): void {
  due.others ??= new Map();
  const known = due.others.get(subject.name);
  if (known === undefined) due.others.set(subject.name, { subject, at });
  else if (at < known.at) known.at = at;
}
