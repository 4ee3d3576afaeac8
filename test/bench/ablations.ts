/** A statistical idea, and the edits that take it out of the code. */
export interface Ablation {
  readonly name: string;
  /** What is gone, as the table says it. */
  readonly title: string;
  readonly edits: readonly Edit[];
}

/** A text of a file that must be there exactly once, and what stands there instead. */
export interface Edit {
  /** From the root of the project. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** The text with the edit made. Throws where `from` is not there exactly once: an ablation that changes nothing shows nothing. */
export function changedText(text: string, { file, from, to }: Edit): string {
  const parts = text.split(from);
  if (parts.length !== 2) {
    throw new Error(`${file}: expected once, found ${parts.length - 1} times: ${from}`);
  }
  return parts.join(to);
}

const rate = "src/baseline/seasonal-rate.ts";
const habit = "src/baseline/volume-habit.ts";
const reads = "src/baseline/read-counts.ts";
const known = "src/baseline/known-set.ts";
const hours = "src/baseline/active-hours.ts";
const drift = "detectors/slow-drift.ts";

/** Every idea that can be taken out, one at a time. What each detector buys `npm run evaluate` says without any replay. */
export const ablations: readonly Ablation[] = [
  {
    name: "no-shrinkage",
    title: "hours of the week are not shrunk to the level",
    edits: [{ file: rate, from: "CELL_PRIOR_VISITS = 2;", to: "CELL_PRIOR_VISITS = 0.01;" }],
  },
  {
    name: "no-seasons",
    title: "all hours of the week are alike",
    edits: [{ file: rate, from: "CELL_PRIOR_VISITS = 2;", to: "CELL_PRIOR_VISITS = 1e9;" }],
  },
  {
    name: "no-over-dispersion",
    title: "counts are Poisson",
    edits: [{ file: rate, from: "  if (squares <= 0) return", to: "  return 0.001;\n  return" }],
  },
  {
    name: "no-zero-fill",
    title: "hours without a call teach nothing",
    edits: [
      {
        file: rate,
        from: "  if (rate.born < 0) return;\n",
        to: "  if (from >= 0) return;\n",
      },
    ],
  },
  {
    name: "no-winsorising",
    title: "what alarmed is learned in full",
    edits: [{ file: habit, from: "hasAlarmed && !isHabit;", to: "false;" }],
  },
  {
    name: "no-forgetting",
    title: "nothing of the volume is forgotten",
    edits: [{ file: rate, from: "HALF_LIFE_DAYS = 10;", to: "HALF_LIFE_DAYS = 1e6;" }],
  },
  {
    name: "no-peaks",
    title: "recurring peaks explain nothing",
    edits: [{ file: habit, from: "improbable, beyond * peak)", to: "improbable, 0 * peak)" }],
  },
  {
    name: "no-day-window",
    title: "no window of a day",
    edits: [{ file: habit, from: "  const { mean } = expectation;\n", to: dayless() }],
  },
  {
    name: "no-discovery-rate",
    title: "every novelty is as surprising as any other",
    edits: [
      {
        file: known,
        from: "Math.min(1, short((set.discoveries + 0.5) / (set.meetings + 1)))",
        to: "Math.min(1, 0.02 + 0 * set.meetings)",
      },
    ],
  },
  {
    name: "no-hour-smoothing",
    title: "active hours are not smoothed by those beside them",
    edits: [
      { file: hours, from: "const near = cell(own, 0) + 0.5", to: "const near = cell(own, 0) + 0" },
      {
        file: hours,
        from: "0.5 * (cell(other, 0) + 0.5",
        to: "0 * (cell(other, 0) + 0.5",
      },
    ],
  },
  {
    name: "no-hours-of-a-rise",
    title: "a slow rise is judged by its volume alone",
    edits: [{ file: drift, from: "spread: { allowance: 0.7,", to: "spread: { allowance: 1e6," }],
  },
  {
    name: "no-pace",
    title: "a busy hour and a quick theft of as much are alike",
    edits: [
      {
        file: "src/detection/rises.ts",
        from: "densestReads(reads, SHORT_MINUTES) / count",
        to: "SPREAD_PART + 0 * densestReads(reads, SHORT_MINUTES) * count",
      },
    ],
  },
  {
    name: "every-read",
    title: "a secret that is read again counts again",
    edits: [
      {
        file: reads,
        from: "if (secret === undefined || !isToldApart(counts.secrets",
        to: "if (secret !== null || !isToldApart(counts.secrets",
      },
      {
        file: reads,
        from: "if (secret === undefined || !isToldApart(secrets",
        to: "if (secret !== null || !isToldApart(secrets",
      },
    ],
  },
  {
    name: "no-company",
    title: "a rise of decrypts alone and one of all calls are alike",
    edits: [
      {
        file: "src/detection/rises.ts",
        from: "expectation === null || expectation.share > MOST_TELLING_SHARE",
        to: "expectation !== undefined",
      },
    ],
  },
  {
    name: "no-shared-run",
    title: "`key-wide-rise` judges each hour by itself",
    edits: [
      {
        file: "detectors/key-wide-rise.ts",
        from: "return isRise(run, view, options) ? run : null;",
        to: "return null;",
      },
    ],
  },
  {
    name: "no-moves",
    title: "whether a workload moved, or two use its credentials, does not matter",
    edits: [
      {
        file: "src/detection/moves.ts",
        from: "if (mover === null) return null;",
        to: "if (mover !== undefined) return null;",
      },
    ],
  },
  {
    name: "no-families",
    title: "a principal whose family knows the key is as new as any",
    edits: [
      {
        file: "detectors/unexpected-principal.ts",
        from: "if (isKnown(baseline.families, user.family, knownBy)) {",
        to: 'if (isKnown(baseline.families, "", knownBy)) {',
      },
    ],
  },
  {
    name: "no-free-repeats",
    title: "reads that repeat one of the hour never count",
    edits: [
      {
        file: "src/baseline/repeated-reads.ts",
        from: "return count + Math.max(0, again - Math.max(0, free));",
        to: "return count + 0 * again * free;",
      },
    ],
  },
];

function dayless(): string {
  return "  const { mean } = expectation;\n  rule = { ...rule, floorPerDay: 1e15 };\n";
}
