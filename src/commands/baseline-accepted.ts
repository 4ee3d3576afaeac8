import { nearestName } from "../config/nearest-name.ts";
import { type Accepted, acceptancesOf, endAcceptance } from "./acceptance.ts";
import { numberText } from "./alert-page.ts";
import type { AcceptedOptions, UnacceptOptions } from "./baseline.ts";
import type { CommandContext } from "./options.ts";
import { writeText } from "./output.ts";
import { withStore } from "./state.ts";
import { colorsFor, jsonLine, safe, tableText, timeText } from "./terminal.ts";

/** `keyhawk baseline accepted`: what was accepted as normal. Resolves to the exit status. */
export async function listAccepted(
  options: AcceptedOptions,
  context: CommandContext,
): Promise<number> {
  const all = await withStore(options, "read", acceptancesOf);
  if (all.length === 0) context.log.info({}, "nothing was accepted as normal");
  const text = options.format === "json" ? all.map(jsonLine).join("") : table(all, context);
  await writeText(context.stdout, text);
  return 0;
}

/** `keyhawk baseline unaccept`: ends an acceptance. Resolves to the exit status. */
export async function unaccept(
  options: UnacceptOptions,
  { stdout }: CommandContext,
): Promise<number> {
  const endsMs = await withStore(options, "annotate", async (store) => {
    const all = await acceptancesOf(store);
    const found = all.find(({ id }) => id === options.id);
    if (found !== undefined) return endAcceptance(store, found);
    const ids = all.map(({ id }) => id);
    const nearest = nearestName(options.id, ids);
    const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
    throw new Error(`acceptance ${options.id}: no such acceptance${hint}`);
  });
  await writeText(stdout, `${safe(options.id)} ends at ${timeOf(endsMs)}\n`);
  return 0;
}

/** What an acceptance lets pass, in words. */
export function acceptanceText({ match, acceptance, expiresMs, owner, reason }: Accepted): string {
  const bounds = Object.entries(acceptance.observed).map(
    ([name, value]) => `${name} ${typeof value === "number" ? "up to " : ""}${numberText(value)}`,
  );
  const where = acceptance.anyKey ? " on any key" : "";
  const from = timeOf(acceptance.fromMs);
  return `${match.detector ?? ""}${where} accepted as normal from ${from} to ${timeOf(expiresMs)} by ${owner} (${reason}): ${bounds.join(", ")}`;
}

function table(all: readonly Accepted[], context: CommandContext): string {
  if (all.length === 0) return "";
  return tableText(
    all,
    [
      { title: "ID", text: ({ id }) => id },
      { title: "DETECTOR", text: ({ match }) => match.detector ?? "", maximum: 32 },
      { title: "ABOUT", text: subjectOf, maximum: 72 },
      { title: "FROM", text: ({ acceptance }) => timeOf(acceptance.fromMs) },
      { title: "UNTIL", text: ({ expiresMs }) => timeOf(expiresMs) },
      { title: "OWNER", text: ({ owner }) => owner, maximum: 20 },
      { title: "REASON", text: ({ reason }) => reason, maximum: 40 },
      { title: "HITS", text: ({ hits }) => String(hits), align: "right" },
    ],
    colorsFor(context),
  );
}

function subjectOf({ match, acceptance }: Accepted): string {
  const { principal, key, account } = match;
  const session = acceptance.session === null ? "" : `#${acceptance.session}`;
  const on = acceptance.anyKey ? "(any key)" : key;
  const parts = [principal === undefined ? undefined : `${principal}${session}`, on];
  const named = parts.filter((part) => part !== undefined);
  return named.length === 0 ? (account ?? "") : named.join(" ");
}

function timeOf(timeMs: number): string {
  return timeText(new Date(timeMs).toISOString());
}
