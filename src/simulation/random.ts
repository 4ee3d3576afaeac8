/**
 * A seeded source of chance: the same seed gives the same numbers on every machine.
 * Generator: sfc32 (Chris Doty-Humphrey, PractRand); seeding: FNV-1a over the seed's UTF-16 units.
 */
export class Random {
  readonly #seed: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: string) {
    this.#seed = seed;
    this.#a = hash(seed, 0x811c9dc5);
    this.#b = hash(seed, 0x01234567);
    this.#c = hash(seed, 0x89abcdef);
    for (let round = 0; round < 12; round += 1) this.bits();
  }

  /** An independent source; what is drawn here does not change what is drawn there. */
  fork(label: string): Random {
    return new Random(`${this.#seed}/${label}`);
  }

  /** 32 random bits, 0 to 4,294,967,295. */
  bits(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** Uniform in [0, 1). */
  fraction(): number {
    return this.bits() / 0x1_0000_0000;
  }

  /** Uniform whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** Throws RangeError for an empty list. */
  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.integer(0, choices.length - 1)];
    if (choice === undefined) throw new RangeError("pick: the list of choices is empty");
    return choice;
  }

  /** A version 4 UUID (RFC 9562 §5.4). */
  uuid(): string {
    const version = ((this.bits() & 0x0fff_ffff) | 0x4000_0000) >>> 0;
    const first = this.bits();
    const third = ((this.bits() & 0x3fff_ffff) | 0x8000_0000) >>> 0;
    const last = this.bits();
    const head = `${high(first)}${low(first)}-${low(version)}-${high(version)}`;
    return `${head}-${high(third)}-${low(third)}${high(last)}${low(last)}`;
  }

  text(length: number, alphabet: string): string {
    let text = "";
    while (text.length < length) text += alphabet.charAt(this.integer(0, alphabet.length - 1));
    return text;
  }

  /** Counts of rare independent things; `mean` up to a few thousand (Knuth, in steps of at most 30). */
  poisson(mean: number): number {
    let count = 0;
    for (let left = mean; left > 0; left -= 30) {
      const limit = Math.exp(-Math.min(left, 30));
      let product = this.fraction();
      while (product > limit) {
        count += 1;
        product *= this.fraction();
      }
    }
    return count;
  }

  /** An over-dispersed count: Poisson with a gamma mean, variance `mean + mean² / shape`. */
  burstyCount(mean: number, shape: number): number {
    return mean <= 0 ? 0 : this.poisson((this.#gamma(shape) * mean) / shape);
  }

  /** Log-normal around a median: what loads, sizes and rates of real systems look like. */
  lognormal(median: number, sigma: number): number {
    return median * Math.exp(sigma * this.#normal());
  }

  /** The same things in another order; the list given is left as it is. */
  shuffle<T>(things: readonly T[]): T[] {
    const order = things.map((thing) => ({ thing, place: this.fraction() }));
    return order.sort((a, b) => a.place - b.place).map(({ thing }) => thing);
  }

  /** Marsaglia and Tsang, "A simple method for generating gamma variables" (2000), with their step for a shape below 1. */
  #gamma(shape: number): number {
    if (shape < 1) return this.#gamma(shape + 1) * (1 - this.fraction()) ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.#normal();
      const v = (1 + c * x) ** 3;
      if (v <= 0) continue;
      if (Math.log(1 - this.fraction()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  /** Box and Muller's transform. */
  #normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.fraction()));
    return radius * Math.cos(2 * Math.PI * this.fraction());
  }
}

function hash(text: string, basis: number): number {
  let value = basis;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value | 0;
}

/** Four hexadecimal digits of every 16 bits: ids are most of what is drawn. */
const digits = Array.from({ length: 0x1_0000 }, (_, bits) => bits.toString(16).padStart(4, "0"));

function high(bits: number): string {
  return digits[bits >>> 16] ?? "";
}

function low(bits: number): string {
  return digits[bits & 0xffff] ?? "";
}
