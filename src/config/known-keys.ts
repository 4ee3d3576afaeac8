import type { z } from "zod";

/** The keys that a schema knows at a path of a value; of a tagged union, those of the branch that the value's tag chose. */
export function knownKeys(
  schema: z.core.$ZodType,
  path: readonly PropertyKey[],
  value: unknown,
): string[] {
  const definition = unwrapped(schema);
  const [step, ...rest] = path;
  if (definition.type === "union") {
    const chosen = definition.options.filter((option) => admits(option, value));
    const options = chosen.length > 0 ? chosen : definition.options;
    return [...new Set(options.flatMap((option) => knownKeys(option, path, value)))];
  }
  if (step === undefined) return keysOf(definition);
  const child = childSchema(definition, step);
  return child === undefined ? [] : knownKeys(child, rest, childOf(value, step));
}

type Definition = z.core.$ZodTypes["_zod"]["def"];

/** The schema of what is written in the file, without what is around it: defaults, optionality, transformations. */
function unwrapped(schema: z.core.$ZodType): Definition {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === "pipe") return unwrapped(def.in);
  if (def.type === "lazy") return unwrapped(def.getter());
  if ("innerType" in def) return unwrapped(def.innerType);
  return def;
}

function keysOf(definition: Definition): string[] {
  if (definition.type === "object") return Object.keys(definition.shape);
  return definition.type === "record" ? literalsOf(definition.keyType) : [];
}

function childSchema(definition: Definition, step: PropertyKey): z.core.$ZodType | undefined {
  if (definition.type === "object") return definition.shape[String(step)];
  if (definition.type === "array") return definition.element;
  return definition.type === "record" ? definition.valueType : undefined;
}

/** Whether no literal of an object schema, such as its `type`, speaks against a value. */
function admits(schema: z.core.$ZodType, value: unknown): boolean {
  const definition = unwrapped(schema);
  if (definition.type !== "object") return false;
  return Object.entries(definition.shape).every(([key, property]) => {
    const literals = literalsOf(property);
    const found = childOf(value, key); // What is left out speaks against nothing: it may have a default.
    return typeof found !== "string" || literals.length === 0 || literals.includes(found);
  });
}

function literalsOf(schema: z.core.$ZodType): string[] {
  const definition = unwrapped(schema);
  if (definition.type === "literal") return definition.values.map(String);
  return definition.type === "enum" ? Object.values(definition.entries).map(String) : [];
}

function childOf(value: unknown, step: PropertyKey): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.hasOwn(value, step) ? Reflect.get(value, step) : undefined;
}
