import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formOf } from "../../../src/cloudtrail/forms.ts";
import { skipSpace } from "../../../src/cloudtrail/json-bytes.ts";
import { Scanner } from "../../../src/cloudtrail/scan.ts";
import { kmsRecord, otherRecord } from "../../support/parsing.ts";

const KMS = JSON.stringify(kmsRecord());
const OTHER = JSON.stringify(otherRecord());

/** In few words: how many records of other services, and what must be parsed. */
function sight(text: string): string {
  const bytes = Buffer.from(text);
  const seen = new Scanner(bytes).lookAt(skipSpace(bytes, 0));
  return seen === undefined
    ? "uneven"
    : [`${seen.others} others`, ...seen.parts.map(({ kind }) => kind)].join(", ");
}

function file(...records: readonly string[]): string {
  return `{"Records":[${records.join(",")}]}`;
}

describe("the scanner sees", () => {
  it.each<[string, string, string]>([
    ["a record of KMS", KMS, "0 others, kms"],
    ["a record of another service", OTHER, "1 others"],
    ["records in a file", file(OTHER, KMS, OTHER), "2 others, kms"],
    [
      "records of CloudTrail itself",
      file(OTHER, JSON.stringify(otherRecord({ eventSource: "cloudtrail.amazonaws.com" }))),
      "1 others, cloudtrail",
    ],
    ["records in a list", `[${OTHER},${KMS}]`, "1 others, kms"],
    ["Records after other members", `{"a":{"Records":[]},"Records":[${OTHER}],"z":1}`, "1 others"],
    ["the name of KMS elsewhere", file(OTHER.replace("app/1.0", "kms.amazonaws.com")), "1 others"],
    [
      "an eventSource inside of a record of another service",
      file(
        `{"eventSource":"ec2.amazonaws.com","requestParameters":{"eventSource":"kms.amazonaws.com"}}`,
      ),
      "1 others",
    ],
    [
      "an eventSource inside of a record of KMS",
      file(
        `{"requestParameters":[{"eventSource":"ec2.amazonaws.com"}],"eventSource":"kms.amazonaws.com"}`,
      ),
      "0 others, kms",
    ],
    [
      "records inside of a record",
      file(`{"eventSource":"ec2.amazonaws.com","Records":[${KMS}]}`),
      "0 others, doubtful",
    ],
    [
      "a list of records inside of a member",
      file(`{"eventSource":"ec2.amazonaws.com","x":[{"a":1},${KMS}]}`),
      "1 others",
    ],
    [
      "quotes and brackets in strings",
      file(String.raw`{"a":"\"}]\\","eventSource":"ec2.amazonaws.com","b":"{[\\\""}`, KMS),
      "1 others, kms",
    ],
    [
      "white space wherever it may be",
      ` { "Records" : [ { "eventSource" :\n"kms.amazonaws.com" } , { "eventSource"\t: "a.amazonaws.com" } ] } `,
      "1 others, kms",
    ],
    ["an empty list", "[]", "0 others"],
  ])("%s", (_, text, expected) => {
    expect(sight(text)).toBe(expected);
  });

  it.each<[string, string]>([
    ["a name with escapes", String.raw`{"event\u0053ource":"kms.amazonaws.com"}`],
    [
      "a name with escapes beside the plain one",
      String.raw`{"eventSource":"ec2.amazonaws.com","event\u0053ource":"kms.amazonaws.com"}`,
    ],
    ["a service with escapes", String.raw`{"eventSource":"\u006bms.amazonaws.com"}`],
    ["two services", `{"eventSource":"ec2.amazonaws.com","eventSource":"kms.amazonaws.com"}`],
    [
      "two types",
      `{"eventSource":"kms.amazonaws.com","eventType":"AwsApiCall","eventType":"AwsApiCall"}`,
    ],
    ["no service", `{"eventName":"Decrypt"}`],
    ["a service that is none of AWS's", `{"eventSource":"aws:s3"}`],
    ["a service that is no string", `{"eventSource":{"a":"kms.amazonaws.com"}}`],
    ["an Insight", `{"eventSource":"kms.amazonaws.com","eventType":"AwsCloudTrailInsight"}`],
    [
      "what may be an Insight",
      String.raw`{"eventSource":"kms.amazonaws.com","eventType":"AwsCloudTrailI\u006esight"}`,
    ],
    ["two lists of Records", `{"Records":[${KMS}],"Records":[]}`],
    ["Records that are no list", `{"Records":{}}`],
    ["an empty list of Records", `{"Records":[]}`],
    ["no object", `"kms.amazonaws.com"`],
    ["a number", "-1.5e+3"],
  ])("that it cannot tell: %s", (_, text) => {
    expect(sight(text)).toBe("0 others, doubtful");
    expect(sight(`[${OTHER},${text},${KMS}]`)).toBe("1 others, doubtful, kms");
  });

  it.each<[string, string]>([
    ["a string without end", `{"a":"b`],
    ["an object without end", `{"a":{"b":1}`],
    ["a list without end", "[1,[2]"],
    ["a quote too many", `{"a":"b"c","eventSource":"ec2.amazonaws.com"}`],
    ["two quotes too many", `{"a":"b"t"c","eventSource":"ec2.amazonaws.com"}`],
    ["an escape at the end", String.raw`{"a":"\ `.trim()],
    ["a word outside of strings", `{"a":hello}`],
    ["a list without commas", `[{"a":1}{"b":2}]`],
    ["a closing bracket", "]"],
    ["nothing", ""],
  ])("that it is uneven: %s", (_, text) => {
    expect(sight(text)).toBe("uneven");
  });
});

/** JSON as an unfriendly writer writes it: white space anywhere, escapes where none are needed, members twice. */
const space = fc.constantFrom("", "", "", " ", "\n", "\t ", "\r\n");
const nastyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom(
    "kms.amazonaws.com",
    "ec2.amazonaws.com",
    "eventSource",
    "Records",
    '"',
    "\\",
    '\\"',
    "{",
    "}",
    "[",
    "]",
    '},{"eventVersion":',
    ",",
    ":",
    "AwsCloudTrailInsight",
    "aws:s3",
  ),
);

function escaped(text: string, everyNth: number): string {
  const plain = JSON.stringify(text);
  if (everyNth === 0) {
    return plain;
  }
  return `"${Array.from({ length: text.length }, (_, at) =>
    at % everyNth === 0
      ? `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`
      : JSON.stringify(text.charAt(at)).slice(1, -1),
  ).join("")}"`;
}

const textJson = fc
  .tuple(nastyText, fc.constantFrom(0, 0, 0, 1, 3))
  .map(([text, nth]) => escaped(text, nth));
const nameJson = fc
  .tuple(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          "eventSource",
          "eventType",
          "Records",
          "eventName",
          "eventTime",
          "detail",
          "requestParameters",
        ),
      },
      { weight: 1, arbitrary: nastyText },
    ),
    fc.constantFrom(0, 0, 0, 0, 2),
  )
  .map(([text, nth]) => escaped(text, nth));

const { value } = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    textJson,
    fc.constantFrom(
      "0",
      "-1.5e+3",
      "true",
      "false",
      "null",
      "{}",
      "[]",
      "[ ]",
      KMS,
      OTHER,
      '"kms.amazonaws.com"',
      '"ec2.amazonaws.com"',
    ),
    tie("list"),
    tie("object"),
  ),
  list: fc
    .tuple(fc.array(tie("value"), { maxLength: 4 }), space)
    .map(([values, gap]) => `[${gap}${values.join(`${gap},${gap}`)}${gap}]`),
  object: fc
    .tuple(fc.array(fc.tuple(nameJson, tie("value")), { maxLength: 5 }), space)
    .map(
      ([members, gap]) =>
        `{${gap}${members.map(([name, item]) => `${name}${gap}:${gap}${item}`).join(`${gap},${gap}`)}${gap}}`,
    ),
}));

/** What parsing everything finds: each record's service, each value that is no record. */
function slowly(item: unknown): string[] {
  const form = formOf(item);
  if (form.form === "list") {
    return form.values.flatMap((element) => slowly(element));
  }
  const source = form.form === "record" ? (item as { eventSource: string }).eventSource : form.form;
  return [source === "kms.amazonaws.com" || !source.endsWith(".amazonaws.com") ? source : "other"];
}

function fast(text: string): string[] {
  const bytes = Buffer.from(text);
  const seen = new Scanner(bytes).lookAt(0);
  if (seen === undefined || seen.end !== bytes.length) {
    throw new Error(`valid JSON, but uneven: ${text}`);
  }
  const parts = seen.parts.flatMap(({ kind, start, end }) => {
    const part: unknown = JSON.parse(bytes.toString("utf8", start, end));
    if (kind === "cloudtrail") {
      expect(part).toMatchObject({ eventSource: "cloudtrail.amazonaws.com" });
    }
    return kind === "kms" ? ["kms.amazonaws.com"] : slowly(part);
  });
  return [...Array.from({ length: seen.others }, () => "other"), ...parts];
}

describe("counting and parsing as the scanner says", () => {
  it("finds in any valid JSON what parsing all of it finds", () => {
    fc.assert(
      fc.property(value, (text) => {
        const parsed: unknown = JSON.parse(text);
        const expected = Array.isArray(parsed) && parsed.length === 0 ? [] : slowly(parsed);
        expect(fast(text).sort()).toEqual(expected.sort());
      }),
      { numRuns: 3000 },
    );
  });

  it("finds in any log file what parsing all of it finds", () => {
    const records = fc.array(fc.oneof(fc.constantFrom(KMS, OTHER), value), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(records, fc.option(value), (items, last) => {
        const text = `{"Records":[${items.join(",")}]${last === null ? "" : `,"x":${last}`}}`;
        expect(fast(text).sort()).toEqual(slowly(JSON.parse(text)).sort());
      }),
      { numRuns: 2000 },
    );
  });

  it("never looks beyond the end, whatever the bytes", () => {
    fc.assert(
      fc.property(value, fc.nat(), (text, cut) => {
        const bytes = Buffer.from(text).subarray(0, cut % (text.length + 1));
        const seen = new Scanner(bytes).lookAt(0);
        expect(seen?.end ?? 0).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
