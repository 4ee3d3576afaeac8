/** A value's place on an axis. */
export type Scale = (value: number) => number;

/** Straight line from [from, to] to [start, end]; a domain without width maps to `start`. */
export function linear(from: number, to: number, start: number, end: number): Scale {
  const factor = to === from ? 0 : (end - start) / (to - from);
  return (value) => start + (value - from) * factor;
}

/** Round numbers from 0 to at least `maximum`, about `wanted` steps of 1, 2 or 5 times a power of ten. */
export function ticks(maximum: number, wanted: number): number[] {
  const top = Number.isFinite(maximum) && maximum > 0 ? maximum : 1;
  const rough = top / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(
    top < 1 ? 0 : 1,
    power * ([1, 2, 5, 10].find((each) => each * power >= rough) ?? 10),
  );
  const result: number[] = [];
  for (let index = 0; (index - 1) * step < top; index++) result.push(index * step);
  return result;
}

/**
 * Level of a count on a logarithmic ramp: 0 for none, 1 for the least and `levels` for the greatest. Order is kept: a greater
 * count never has a lower level.
 */
export function logLevel(value: number, maximum: number, levels: number): number {
  if (!(value > 0) || !(maximum > 0)) return 0;
  const share = Math.log1p(Math.min(value, maximum)) / Math.log1p(maximum);
  return Math.min(levels, Math.max(1, Math.ceil(share * levels)));
}
