import { hourMs } from "./calendar.ts";
import type { Random } from "./random.ts";

/** Parts of all spells that only read, or only write; and how far they lean. */
const READING_SPELLS = 1 / 3;
const WRITING_SPELLS = 1 / 5;
const SPELL_LEAN = 0.95;

/**
 * How far somebody leans towards reading at a time: 1 where every call reads that can, −1 where none does, 0 where it is as on the
 * whole. People read by day what jobs write at night; a cache that ran empty is filled by reading, an import only writes.
 */
export class Leaning {
  readonly #random: Random;
  readonly #phase: number;
  readonly #daily: number;
  readonly #scatter: number;
  readonly #spells: { readonly fromMs: number; readonly toMs: number; readonly lean: number }[] =
    [];
  #hour = Number.NaN;
  #lean = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#phase = random.fraction();
    // Most keep to their ways, some hardly.
    this.#daily = 0.4 * random.fraction() ** 2;
    this.#scatter = 0.25 * random.fraction() ** 2;
  }

  /** Tells of a spell of unusual traffic: some only read, some only write, the others are more of everything. */
  spell(fromMs: number, minutes: number): void {
    const of = this.#random.fork(`spell/${fromMs}`).fraction();
    if (of >= READING_SPELLS + WRITING_SPELLS) return;
    const lean = of < READING_SPELLS ? SPELL_LEAN : -SPELL_LEAN;
    this.#spells.push({ fromMs, toMs: fromMs + minutes * 60_000, lean });
  }

  at(timeMs: number): number {
    for (const { fromMs, toMs, lean } of this.#spells) {
      if (timeMs >= fromMs && timeMs < toMs) return lean;
    }
    const hour = Math.floor(timeMs / hourMs);
    if (hour !== this.#hour) {
      this.#hour = hour;
      this.#lean = this.#ofHour(hour);
    }
    return this.#lean;
  }

  #ofHour(hour: number): number {
    const byDay = this.#daily * Math.sin(2 * Math.PI * (hour / 24 + this.#phase));
    const chance = this.#random.fork(`${hour}`);
    const scatter =
      this.#scatter * (chance.fraction() + chance.fraction() + chance.fraction() - 1.5);
    return Math.max(-1, Math.min(1, byDay + 2 * scatter));
  }
}
