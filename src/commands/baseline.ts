import { type Command, Option } from "commander";
import type { CommandAction, Perform } from "./options.ts";
import { type Learner, learners } from "../store/learner.ts";
import { addStateOptions, type StateOptions } from "./state.ts";
import { parseName, parseTime } from "./values.ts";

export interface ShowOptions extends StateOptions {
  /** An entity's name as typed: an ARN, an account id, or a part that only one has. */
  readonly entity: string;
  /** Time to say what is expected for; undefined: the newest event time. */
  readonly at?: number;
  readonly format: (typeof showFormats)[number];
}

export interface ExportOptions extends StateOptions {
  /** A file, or `-` for stdout. */
  readonly out: string;
  readonly withContextKey?: boolean;
}

export interface ImportOptions extends StateOptions {
  /** A file, or `-` for stdin. */
  readonly file: string;
  readonly force?: boolean;
}

export interface HandOverOptions extends StateOptions {
  readonly to: Learner;
}

export interface AcceptedOptions extends StateOptions {
  readonly format: (typeof acceptedFormats)[number];
}

export interface UnacceptOptions extends StateOptions {
  readonly id: string;
}

/** What `keyhawk baseline` does, loaded when it is asked for. */
export interface BaselineActions {
  readonly show: CommandAction<ShowOptions>;
  readonly export: CommandAction<ExportOptions>;
  readonly import: CommandAction<ImportOptions>;
  readonly handOver: CommandAction<HandOverOptions>;
  readonly accepted: CommandAction<AcceptedOptions>;
  readonly unaccept: CommandAction<UnacceptOptions>;
}

const showFormats = ["text", "json"] as const;
const acceptedFormats = ["table", "json"] as const;

/** `keyhawk baseline`: what was learned, to read and to carry elsewhere. */
export function registerBaseline(
  program: Command,
  perform: Perform,
  actions: BaselineActions,
): void {
  const baseline = program
    .command("baseline")
    .summary("show what was learned, carry it to a live consumer")
    .description("Shows what was learned of a principal, key or account, and carries it elsewhere.")
    .addHelpText("after", examples);
  registerShow(baseline, perform, actions.show);
  registerExport(baseline, perform, actions.export);
  registerImport(baseline, perform, actions.import);
  registerHandOver(baseline, perform, actions.handOver);
  registerAccepted(baseline, perform, actions.accepted);
  registerUnaccept(baseline, perform, actions.unaccept);
}

const examples = `
Examples:
  keyhawk replay AWSLogs/ --state ./learned
  keyhawk baseline show arn:aws:iam::111122223333:role/app --state ./learned
  keyhawk baseline export --state ./learned --out learned.ndjson
  keyhawk baseline import learned.ndjson --config keyhawk.yaml
  keyhawk run --config keyhawk.yaml`;

function registerShow(baseline: Command, perform: Perform, show: CommandAction<ShowOptions>): void {
  const command = baseline
    .command("show")
    .description("say what each detector has learned of one principal, key or account")
    .argument("<entity>", "ARN, account id, or a part of the name that only one has");
  addStateOptions(command)
    .option("--at <time>", "say what is expected at TIME; by default the newest event", parseTime)
    .addOption(
      new Option("--format <name>", showFormats.join(", "))
        .argParser(parseName(showFormats))
        .default(showFormats[0]),
    )
    .action((entity: string, typed: Omit<ShowOptions, "entity">) =>
      perform((context) => show({ ...typed, entity }, context)),
    );
}

function registerExport(
  baseline: Command,
  perform: Perform,
  write: CommandAction<ExportOptions>,
): void {
  const command = baseline
    .command("export")
    .description("write all that was learned as NDJSON; works beside a live consumer")
    .option("-o, --out <file>", "where it is written; - is stdout", "-")
    .option("--with-context-key", "with the secret that context fingerprints are made with");
  addStateOptions(command)
    .addHelpText("after", exportNotes)
    .action((options: ExportOptions) => perform((context) => write(options, context)));
}

const exportNotes = `
Carried are the memories, hours that are still open included, the engine's state,
what was accepted as normal, and the identities of recent calls, so that a record
read on both sides counts once. Positions, alerts and history are not: the
importer reads from where its own configuration says.

Encryption contexts are remembered as fingerprints, made with a secret of each
installation, and only within open hours. Without --with-context-key the secret
stays here, and a context met on both sides counts twice in those one or two
hours. With it, keep the file as you keep a password.`;

function registerImport(
  baseline: Command,
  perform: Perform,
  read: CommandAction<ImportOptions>,
): void {
  const command = baseline
    .command("import")
    .description("let a new state directory start from what was exported")
    .argument("<file>", "what keyhawk baseline export wrote; - is stdin")
    .option("--force", "also where something was learned: same entities are replaced");
  addStateOptions(command)
    .addHelpText("after", importNotes)
    .action((file: string, typed: Omit<ImportOptions, "file">) =>
      perform((context) => read({ ...typed, file }, context)),
    );
}

const importNotes = `
All of the file is checked before anything is written, and it is written whole or
not at all. The lateness must be the one it was learned with; with --config this
is checked. A detector of another version starts to learn anew.`;

function registerHandOver(
  baseline: Command,
  perform: Perform,
  handOver: CommandAction<HandOverOptions>,
): void {
  const command = baseline
    .command("hand-over")
    .description("let the other shape go on learning into a table")
    .addOption(
      new Option("--to <shape>", "run (and replay), or the Lambda functions")
        .choices(learners)
        .makeOptionMandatory(),
    );
  addStateOptions(command)
    .addHelpText("after", handOverNotes)
    .action((options: HandOverOptions) => perform((context) => handOver(options, context)));
}

const handOverNotes = `
A table is learned into by keyhawk run or by the Lambda functions: both at once
would count every event twice, so the one that comes second refuses. Stop the
one that has the table first: the process, or the functions by pausing their
mappings. Identities of recent calls are not handed over: let the other begin
to read where the first one stopped.

Example:
  keyhawk baseline hand-over --to functions --state dynamodb://TABLE`;

function registerAccepted(
  baseline: Command,
  perform: Perform,
  list: CommandAction<AcceptedOptions>,
): void {
  const command = baseline
    .command("accepted")
    .description("list what was accepted as normal: keyhawk alerts close ID --accept")
    .addOption(
      new Option("--format <name>", `${acceptedFormats.join(", ")}; json is one object a line`)
        .argParser(parseName(acceptedFormats))
        .default(acceptedFormats[0]),
    );
  addStateOptions(command).action((options: AcceptedOptions) =>
    perform((context) => list(options, context)),
  );
}

function registerUnaccept(
  baseline: Command,
  perform: Perform,
  end: CommandAction<UnacceptOptions>,
): void {
  const command = baseline
    .command("unaccept")
    .description("end what was accepted as normal; what it muted stays recorded")
    .argument("<id>", "id of the acceptance");
  addStateOptions(command).action((id: string, typed: Omit<UnacceptOptions, "id">) =>
    perform((context) => end({ ...typed, id }, context)),
  );
}
