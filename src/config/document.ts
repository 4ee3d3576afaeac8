import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
import type { Document, Pair } from "yaml";
import { ConfigError } from "./config-error.ts";

/** A parsed file that still knows where each value stands. */
export interface ConfigDocument {
  readonly file: string;
  readonly value: unknown;
  /** Where the value at a path stands, or the nearest one around it; with `key`, where that key of it stands. */
  locate(path: readonly PropertyKey[], key?: string): Place;
}

/** Counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Opens YAML, of which JSON is a part. Throws `ConfigError` with every syntax error. */
export function readDocument(file: string, text: string): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0) {
    throw new ConfigError(
      syntax.map(({ pos, message }) => ({ file, ...placeOf(pos[0]), path: "", text: message })),
    );
  }
  keepAccountIds(document);
  return {
    file,
    value: valueOf(document, file),
    locate: (path, key) => placeOf(offsetOf(document, path, key)),
  };
}

/** An account id without quotes is a number to YAML, and loses its leading zeros; no number of ours has 12 digits. */
function keepAccountIds(document: Document): void {
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === "number" && /^\d{12}$/.test(node.source ?? "")) {
        node.value = node.source;
      }
    },
  });
}

/** Resolving stops at 100 aliases, so that a small file cannot grow into a huge value. */
function valueOf(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new ConfigError([{ file, path: "", text }], error);
  }
}

function offsetOf(document: Document, path: readonly PropertyKey[], key?: string): number {
  let node: unknown = document.contents;
  let offset = offsetOfNode(node) ?? 0;
  for (const step of path) {
    node = childOf(resolved(node, document), step);
    offset = offsetOfNode(node) ?? offset;
  }
  const named = key === undefined ? undefined : pairOf(resolved(node, document), key);
  return offsetOfNode(named?.key) ?? offset;
}

function resolved(node: unknown, document: Document): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function childOf(node: unknown, step: PropertyKey): unknown {
  if (isSeq(node)) return node.items[Number(step)];
  const pair = pairOf(node, String(step));
  return pair?.value ?? pair?.key;
}

function pairOf(node: unknown, key: string): Pair | undefined {
  if (!isMap(node)) return undefined;
  return node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
}

function offsetOfNode(node: unknown): number | undefined {
  if (typeof node !== "object" || node === null || !("range" in node)) return undefined;
  const { range } = node;
  return Array.isArray(range) && typeof range[0] === "number" ? range[0] : undefined;
}
