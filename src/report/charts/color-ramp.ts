/** Number of levels above zero. */
export const rampLevels = 9;

/**
 * Colours of the levels 0 to 9 as `#rrggbb`, computed in OKLCH (Ottosson 2020, https://bottosson.github.io/posts/oklab/).
 *
 * Lightness changes in equal steps, so the order is seen by every eye and on a grey printer; the hue runs from yellow over teal to
 * indigo like viridis. On light paper more is darker, on dark more is lighter; level 0 is close to the paper.
 */
export function colorRamp(scheme: "light" | "dark"): string[] {
  const [first, last] = scheme === "light" ? [0.93, 0.3] : [0.33, 0.92];
  const zero = scheme === "light" ? "#f1f1ee" : "#1c2229";
  const colors = [zero];
  for (let level = 1; level <= rampLevels; level++) {
    const share = (level - 1) / (rampLevels - 1);
    const lightness = first + (last - first) * share;
    const towardsDark = scheme === "light" ? share : 1 - share;
    const hue = 105 + 180 * towardsDark;
    colors.push(oklch(lightness, 0.13, hue));
  }
  return colors;
}

/** Nearest sRGB colour of the same lightness and hue: chroma is lowered until it fits the gamut. */
function oklch(lightness: number, chroma: number, hueDegrees: number): string {
  for (let c = chroma; c > 0; c -= 0.005) {
    const rgb = toRgb(lightness, c, (hueDegrees * Math.PI) / 180);
    if (rgb.every((channel) => channel >= 0 && channel <= 1)) return hexOf(rgb);
  }
  return hexOf(toRgb(lightness, 0, 0).map((channel) => Math.min(1, Math.max(0, channel))));
}

function toRgb(lightness: number, chroma: number, hue: number): number[] {
  const a = chroma * Math.cos(hue);
  const b = chroma * Math.sin(hue);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    gamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    gamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    gamma(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

function gamma(channel: number): number {
  return channel <= 0.0031308 ? 12.92 * channel : 1.055 * channel ** (1 / 2.4) - 0.055;
}

function hexOf(rgb: readonly number[]): string {
  return `#${rgb
    .map((c) =>
      Math.round(c * 255)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}
