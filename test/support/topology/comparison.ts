import { isDeepStrictEqual } from "node:util";
import type { Alert } from "../../../src/detection/alert.ts";
import type { WrittenSilence } from "../../../src/detection/silence.ts";
import type { Random } from "../../../src/simulation/random.ts";
import { gzip, type Json } from "../parsing.ts";

/** Records in envelopes of a few, some of them compressed. */
export function envelopesOf(slice: readonly { readonly record: Json }[], random: Random): Buffer[] {
  const envelopes: Buffer[] = [];
  for (let at = 0; at < slice.length;) {
    const size = random.integer(1, 15);
    const Records = slice.slice(at, at + size).map(({ record }) => record);
    envelopes.push(
      random.chance(0.5) ? gzip({ Records }) : Buffer.from(JSON.stringify({ Records })),
    );
    at += size;
  }
  return envelopes;
}

/** What an engine's state says of silences. */
export function silenceIn(state = "{}"): WrittenSilence {
  return (JSON.parse(state) as { silence: WrittenSilence }).silence;
}

/** Memories that hold anything: an event that no detector counts goes nowhere. */
export function parsed(memories: ReadonlyMap<string, string>): Map<string, unknown> {
  return new Map(
    [...memories]
      .map(([name, text]) => [name, JSON.parse(text) as { d: object }] as const)
      .filter(([, { d }]) => Object.keys(d).length > 0),
  );
}

/** Alerts as they are told, as far as they must agree: of a silence that lasts not how long it has lasted as it was told last. */
export function standing(alerts: ReadonlyMap<string, Alert>): Map<string, unknown> {
  return new Map(
    [...alerts].map(([id, alert]) => [
      id,
      isSilent(alert) ? [alert.title, alert.revision] : JSON.parse(JSON.stringify(alert)),
    ]),
  );
}

/** Whether an alert is about a silence that lasts. */
export function isSilent({ detector, status }: Alert): boolean {
  return detector === "sensor-silent" && status !== "closed";
}

/** Names under which two maps differ, and what first differs there: a whole memory is too long to print. */
export function differences(
  actual: ReadonlyMap<string, unknown>,
  wanted: ReadonlyMap<string, unknown>,
) {
  return [...new Set([...actual.keys(), ...wanted.keys()])].flatMap((name) => {
    const one = actual.get(name);
    const other = wanted.get(name);
    if (isDeepStrictEqual(one, other)) return [];
    const [left, right] = [JSON.stringify(one) ?? "", JSON.stringify(other) ?? ""];
    let at = 0;
    while (at < left.length && left[at] === right[at]) at += 1;
    const part = (text: string) => text.slice(Math.max(0, at - 60), at + 60);
    return [`${name}: …${part(left)}… instead of …${part(right)}…`];
  });
}
