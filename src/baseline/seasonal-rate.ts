import { cellOf, DAY_HOURS, daysSince, hourOfDay, isWeekend } from "./calendar.ts";
import { fade, short, shorter } from "./forgetting.ts";
import { upperCount, upperSmallCount } from "./negative-binomial.ts";

/** Half-life of what is learned, in days of the entity's event time. */
const HALF_LIFE_DAYS = 10;
const HALF_LIFE_HOURS = HALF_LIFE_DAYS * 24;
/** A weekday cell is visited 5 times a week, a weekend cell twice: the same half-life in days for both. */
const HALF_LIFE_WEEKDAY_VISITS = (HALF_LIFE_DAYS * 5) / 7;
const HALF_LIFE_WEEKEND_VISITS = (HALF_LIFE_DAYS * 2) / 7;
/** Peaks are remembered over a month-end cycle: after a month, four fifths of one are left. */
const PEAK_HALF_LIFE_HOURS = 90 * 24;
/** Visits' worth of the overall level that a cell of the week starts from. */
const CELL_PRIOR_VISITS = 2;
/** The same where it is asked how quiet a cell is. */
const LULL_PRIOR_VISITS = 0.5;
/** Hours' worth of the dispersion that is assumed before any was measured. */
const DISPERSION_PRIOR_HOURS = 48;
const DISPERSION_PRIOR = 0.5;
/** Squared means' worth of excess that one hour counts at most: an outlier widens nothing. */
const MOST_EXCESS = 10;
/** A longer silence is folded as if it had lasted this long. */
const LONGEST_GAP_HOURS = 28 * 24;

/**
 * What is remembered of the hourly counts of one entity: a gamma-Poisson rate with exponential forgetting, one cell for
 * each hour of the day on weekdays and at weekends, shrunk towards the overall level; over-dispersion; peaks. Plain data.
 */
export interface SeasonalRate {
  /** Hour of the first count; −1 before any. */
  born: number;
  /** Hours with at least one event. */
  active: number;
  /** Faded sum of hourly counts, and the faded number of hours it is over. */
  sum: number;
  weight: number;
  /** Faded sums by cell of the week, and the faded visits to a weekday and to a weekend cell. */
  cells: number[];
  weekdays: number;
  weekends: number;
  /** Faded sums of the squared error in excess of the Poisson variance, and of the squared mean that it is relative to. */
  excess: number;
  squares: number;
  /** Fading maximum of hourly counts. */
  peak: number;
}

export function newSeasonalRate(): SeasonalRate {
  return {
    born: -1,
    active: 0,
    sum: 0,
    weight: 0,
    cells: Array.from({ length: 48 }, () => 0),
    weekdays: 0,
    weekends: 0,
    excess: 0,
    squares: 0,
    peak: 0,
  };
}

/** What was learned about `hour`, before its count is known. */
export interface HourExpectation {
  /** Expected count. */
  readonly mean: number;
  /** Over-dispersion φ of the negative binomial: variance = mean + φ·mean². */
  readonly dispersion: number;
  readonly peak: number;
  readonly daysLearned: number;
  readonly samples: number;
}

export function expectHour(rate: SeasonalRate, hour: number): HourExpectation {
  const level = levelOf(rate);
  const visits = isWeekend(hour) ? rate.weekends : rate.weekdays;
  const cell = rate.cells[cellOf(hour)] ?? 0;
  return {
    mean: short((cell + CELL_PRIOR_VISITS * level) / (visits + CELL_PRIOR_VISITS)),
    dispersion: short(dispersionOf(rate)),
    peak: rate.peak,
    daysLearned: daysSince(rate.born, hour),
    samples: rate.active,
  };
}

/** How an hour of the week compares with the busy ones. */
export interface HourLull {
  /** Expected count of the hour, or of one beside it: daylight saving time moves what people do by one. */
  readonly mean: number;
  /** Expected count of the fourth busiest hour of the week's cells: one odd day does not make it. */
  readonly busy: number;
}

/** What is expected around an hour by its own cells, hardly shrunk: what comes by day shall not hide how quiet a night is. */
export function lullAt(rate: SeasonalRate, hour: number): HourLull {
  const means = rate.cells.map((cell, index) => {
    const visits = index < DAY_HOURS ? rate.weekdays : rate.weekends;
    return (cell + LULL_PRIOR_VISITS * levelOf(rate)) / (visits + LULL_PRIOR_VISITS);
  });
  const day = isWeekend(hour) ? means.slice(DAY_HOURS) : means.slice(0, DAY_HOURS);
  const around = [hour - 1, hour, hour + 1].map((near) => day[hourOfDay(near)] ?? 0);
  const busiest = means.toSorted((one, other) => other - one);
  return { mean: short(Math.max(...around)), busy: short(busiest[3] ?? 0) };
}

function levelOf({ sum, weight }: SeasonalRate): number {
  return weight === 0 ? 0 : sum / weight;
}

/**
 * The method of moments over all hours at once, φ = Σ((count − mean)² − mean) / Σ mean²: a ratio of sums rather than a mean of
 * ratios, so that hours in which nothing is expected do not decide how bursty a job or a rare caller is.
 */
function dispersionOf({ weight, excess, squares }: SeasonalRate): number {
  if (squares <= 0) return DISPERSION_PRIOR;
  const prior = (DISPERSION_PRIOR_HOURS * squares) / weight;
  return Math.max(0.05, (excess + prior * DISPERSION_PRIOR) / (squares + prior));
}

/**
 * Count that the hour exceeds with about probability `tail`, the mean itself being uncertain by its own standard error
 * over the days learned.
 */
export function hourLimit(expectation: HourExpectation, tail: number): number {
  const { mean, dispersion, daysLearned } = expectation;
  return upperCount(mean * uncertaintyAfter(daysLearned), dispersion, tail);
}

/** The same for an hour that is far quieter than the busy ones. */
export function lullLimit(
  { mean }: HourLull,
  { dispersion, daysLearned }: HourExpectation,
  tail: number,
): number {
  return upperSmallCount(mean * uncertaintyAfter(daysLearned), dispersion, tail);
}

function uncertaintyAfter(daysLearned: number): number {
  return 1 + 2 / Math.sqrt(1 + daysLearned);
}

/** Learns one hour in strict order. A count of zero before the first event teaches nothing. */
export function learnHour(rate: SeasonalRate, hour: number, count: number): void {
  if (rate.born < 0) {
    if (count === 0) return;
    rate.born = hour;
  }
  const { mean } = expectHour(rate, hour);
  const excess = Math.min((count - mean) ** 2 - mean, MOST_EXCESS * Math.max(mean, 1) ** 2);
  const hourly = fade(1, HALF_LIFE_HOURS);
  rate.excess = short(rate.excess * hourly + excess);
  rate.squares = short(rate.squares * hourly + mean * mean);
  rate.sum = short(rate.sum * hourly + count);
  rate.weight = short(rate.weight * hourly + 1);
  rate.peak = short(Math.max(count, rate.peak * fade(1, PEAK_HALF_LIFE_HOURS)));
  if (count > 0) rate.active += 1;
  learnCell(rate, hour, count);
}

function learnCell(rate: SeasonalRate, hour: number, count: number): void {
  const weekend = isWeekend(hour);
  const factor = fade(1, weekend ? HALF_LIFE_WEEKEND_VISITS : HALF_LIFE_WEEKDAY_VISITS);
  const cell = cellOf(hour);
  rate.cells[cell] = shorter((rate.cells[cell] ?? 0) * factor + count);
  // The 24 cells of a kind of day are visited in turn: one shared weight, moved a 24th of a visit each hour. A step is so
  // large that 24 of them, fading as they go, make one whole visit.
  const hourly = factor ** (1 / 24);
  const step = (1 - hourly) / (1 - factor);
  if (weekend) rate.weekends = short(rate.weekends * hourly + step);
  else rate.weekdays = short(rate.weekdays * hourly + step);
}

/** Learns the hours from `from` up to, not including, `to`, in which nothing happened. */
export function learnSilence(rate: SeasonalRate, from: number, to: number): void {
  if (rate.born < 0) return;
  for (let hour = Math.max(from, to - LONGEST_GAP_HOURS); hour < to; hour += 1) {
    learnHour(rate, hour, 0);
  }
}
