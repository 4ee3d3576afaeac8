import { type Command, Option } from "commander";
import { z } from "zod";
import { detectors } from "../../detectors/index.ts";
import { nearestName } from "../config/nearest-name.ts";
import type { Detector } from "../detection/detector.ts";
import { type PageView, pageText, section, stepLines } from "./alert-page.ts";
import type { CommandContext, Perform } from "./options.ts";
import { writeText } from "./output.ts";
import { colorsFor, jsonLine, jsonPage, safe, tableText, wrapped } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";
import { parseName } from "./values.ts";

/** What the catalogue says of a detector. */
type CatalogueEntry = Pick<
  Detector,
  | "id"
  | "version"
  | "title"
  | "entity"
  | "grave"
  | "declarations"
  | "severity"
  | "why"
  | "falsePositives"
  | "knownGaps"
  | "triage"
  | "attack"
  | "options"
>;

/** `keyhawk detectors`: the catalogue, generated from the detectors themselves. */
export function registerDetectors(program: Command, perform: Perform): void {
  const command = program
    .command("detectors")
    .summary("list what is looked for, and show one detector")
    .description("The catalogue of what is looked for, generated from the detectors themselves.")
    .addHelpText(
      "after",
      "\nExamples:\n  keyhawk detectors list\n  keyhawk detectors show decrypt-spike",
    );
  command
    .command("list")
    .description("list all detectors")
    .addOption(formatOption(["table", "json"], "table, json; json is one object a line"))
    .action((options: { format: string }) =>
      perform(async (context) => {
        const text =
          options.format === "json"
            ? detectors.map((detector) => jsonLine(entryData(detector))).join("")
            : listTable(context);
        await writeText(context.stdout, text);
        return 0;
      }),
    );
  command
    .command("show")
    .description("show one detector: why, when it is wrong, what it misses, its options")
    .argument("<id>", "id of a detector")
    .addOption(formatOption(["text", "json"], "text, json"))
    .action((id: string, options: { format: string }) =>
      perform(async (context) => {
        const detector = findDetector(id);
        const view = { colors: colorsFor(context), columns: Math.min(context.columns, 100) };
        const isJson = options.format === "json";
        await writeText(
          context.stdout,
          isJson ? jsonPage(entryData(detector)) : detectorPage(detector, view),
        );
        return 0;
      }),
    );
}

function formatOption(names: readonly [string, ...string[]], description: string): Option {
  return new Option("--format <name>", description).argParser(parseName(names)).default(names[0]);
}

function findDetector(id: string): CatalogueEntry {
  const found = detectors.find((detector) => detector.id === id);
  if (found !== undefined) return found;
  const nearest = nearestName(
    id,
    detectors.map((detector) => detector.id),
  );
  const hint =
    nearest === undefined ? "`keyhawk detectors list` names them" : `did you mean ${nearest}?`;
  throw new UsageError(`detector ${id}: no such detector; ${hint}`);
}

function listTable(context: CommandContext): string {
  return tableText(
    detectors,
    [
      { title: "ID", text: ({ id }) => id },
      { title: "ABOUT", text: ({ entity }) => entity },
      { title: "SEVERITY", text: ({ severity }) => severity },
      { title: "TITLE", text: ({ title }) => title },
      { title: "ATT&CK", text: ({ attack }) => attack.map(({ technique }) => technique).join(" ") },
    ],
    colorsFor(context),
  );
}

function detectorPage(detector: CatalogueEntry, view: PageView): string {
  const { colors, columns } = view;
  const bullets = (texts: readonly string[]): string[] =>
    texts.map((text) => `  - ${wrapped(text, columns, "    ").trimStart()}`);
  return pageText([
    [
      `${colors.bold(safe(detector.title))}  ${colors.dim(`${safe(detector.id)}, version ${detector.version}`)}`,
      `About one ${detector.entity}; severity ${safe(detector.severity)}.`,
      ...(detector.grave === true
        ? [
            "Grave: stays loud in change windows that do not name it, and is never accepted as normal.",
          ]
        : []),
      ...(detector.declarations === undefined
        ? []
        : [
            `Runs where ${detector.declarations.map((name) => `detection.${name}`).join(" or ")} is given.`,
          ]),
      wrapped(detector.why, columns),
    ],
    section("When it is wrong", bullets(detector.falsePositives), view),
    section("What it misses", bullets(detector.knownGaps), view),
    section("What to do", stepLines(detector.triage, view), view),
    section(
      "ATT&CK",
      detector.attack.map(
        ({ technique, name, tactic }) => `  ${safe(technique)} ${safe(name)} (${safe(tactic)})`,
      ),
      view,
    ),
    section(`Options (detection.detectors.${detector.id})`, optionLines(detector, view), view),
  ]);
}

interface OptionSchema {
  readonly type?: unknown;
  readonly default?: unknown;
  readonly description?: string;
}

function optionLines(detector: CatalogueEntry, { columns }: PageView): string[] {
  return Object.entries(optionsOf(detector)).map(([name, schema]) => {
    const preset =
      schema.default === undefined ? "" : ` (default ${JSON.stringify(schema.default)})`;
    const said = schema.description === undefined ? "" : `: ${schema.description}`;
    return `  ${wrapped(`${name}${preset}${said}`, columns, "    ").trimStart()}`;
  });
}

function optionsOf({ options }: CatalogueEntry): Record<string, OptionSchema> {
  const { properties = {} } = z.toJSONSchema(options, { io: "input", unrepresentable: "any" });
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      typeof schema === "boolean" ? {} : schema,
    ]),
  );
}

function entryData(detector: CatalogueEntry): Record<string, unknown> {
  const { id, version, title, entity, severity, why, falsePositives, knownGaps, triage, attack } =
    detector;
  const options = optionsOf(detector);
  const { grave = false, declarations = [] } = detector;
  return {
    id,
    version,
    title,
    entity,
    severity,
    why,
    falsePositives,
    knownGaps,
    triage,
    attack,
    grave,
    declarations,
    options,
  };
}
