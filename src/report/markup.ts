/** A piece of HTML or SVG that is safe to write into a page: only `html` and `trusted` make one. */
export interface Markup {
  readonly [brand]: true;
  readonly text: string;
}

/** What a template may hold. Strings and numbers are escaped, `undefined` and `false` vanish. */
export type Part = Markup | string | number | undefined | false | readonly Part[];

const brand: unique symbol = Symbol("markup");

/** Longest text of one interpolation, in characters; the rest is replaced by a count. */
export const longestText = 1_000;

/**
 * Template tag for HTML and SVG. Whatever is interpolated is text: an attacker's session name, user agent or alias can
 * neither open a tag nor leave a quoted attribute. Attribute values must be quoted in the template.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const written = withoutIndent(strings);
  let text = written[0] ?? "";
  for (const [index, part] of parts.entries()) text += textOf(part) + (written[index + 1] ?? "");
  return trusted(text);
}

/** Declares text to be markup. Only for constants of this project, never for anything that was read. */
export function trusted(text: string): Markup {
  return { [brand]: true, text };
}

/**
 * Path data of SVG, which may be longer than any text. Throws a `TypeError` on anything but commands and numbers, so that it
 * cannot be a way around the escaping.
 */
export function pathData(path: string): Markup {
  if (/[^MLHVZmlhvz0-9 .,-]/.test(path))
    throw new TypeError("path data holds more than commands and numbers");
  return trusted(path);
}

/**
 * Escapes text for element content and for quoted attribute values. Control characters and those that reorder or hide
 * text (bidirectional controls, zero-width) are written out as `⟨U+202E⟩`, so that nobody is fooled by what they see.
 */
export function escapeText(value: string): string {
  const cut =
    value.length > longestText
      ? `${value.slice(0, longestText)}… (${value.length} characters)`
      : value;
  return cut
    .toWellFormed()
    .replaceAll(invisible, (character) => `⟨U+${hex(character)}⟩`)
    .replaceAll(/[&<>"'`=]/g, (character) => entities[character] ?? "");
}

/**
 * The address if it is safe to be followed from a report: https only, else undefined. A `javascript:` or `data:` address
 * never becomes a link.
 */
export function safeLink(address: string): string | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  return url?.protocol === "https:" && url.username === "" ? url.href : undefined;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
  "=": "&#61;",
};

/** C0 and C1 controls but tab and line feed, soft hyphen, zero-width, bidirectional and line-separator characters, BOM. */
const invisible =
  // oxlint-disable-next-line no-control-regex -- control characters are what this finds
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

const unindented = new WeakMap<TemplateStringsArray, readonly string[]>();

/** A template is written with indentation for its readers; the page is spared it. */
function withoutIndent(strings: TemplateStringsArray): readonly string[] {
  const known = unindented.get(strings);
  if (known !== undefined) return known;
  const short = strings.map((text) => text.replaceAll(/\s*\n\s*/g, "\n"));
  unindented.set(strings, short);
  return short;
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
}

function textOf(part: Part): string {
  if (part === undefined || part === false) return "";
  if (typeof part === "string") return escapeText(part);
  if (typeof part === "number") return Number.isFinite(part) ? String(rounded(part)) : "0";
  if (isMarkup(part)) return part.text;
  return part.map(textOf).join("");
}

/** Two decimals are enough for a coordinate and keep the page small. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

function isMarkup(part: Markup | readonly Part[]): part is Markup {
  return brand in part;
}
