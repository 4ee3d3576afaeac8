import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";

/** The Lambda functions, each named as its file in `src/lambda/`. */
export const functionNames = ["spread", "detect", "deliver", "tick"] as const;
export type FunctionName = (typeof functionNames)[number];

/** A function's package: a folder that holds one file, `index.mjs`, whose export `handler` is what Lambda calls. */
export interface Bundle {
  /** What goes into the package. */
  readonly folder: string;
  readonly file: string;
  /** Beside the packages, for reading stack traces; never deployed. */
  readonly sourceMap: string;
  readonly bytes: number;
  readonly gzipBytes: number;
  /** Bytes that each source file contributes, the largest first. */
  readonly parts: readonly { readonly path: string; readonly bytes: number }[];
  /** Modules that it takes from the runtime. */
  readonly externals: readonly string[];
}

const root = resolve(import.meta.dirname, "..");

/**
 * Bundles an entry file into `INTO/NAME/index.mjs`, everything it imports included, the AWS SDK too: what runs is what was tested,
 * not what a region's runtime happens to hold. The same sources give the same bytes. Throws esbuild's error for a broken entry.
 */
export function bundleFunction(into: string, name: string, entry: string): Bundle {
  const folder = join(into, name);
  const file = join(folder, "index.mjs");
  const sourceMap = join(into, "source-maps", `${name}.mjs.map`);
  const { outputFiles, metafile } = buildSync({
    entryPoints: [entry],
    outfile: file,
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    target: "node24",
    format: "esm",
    // The SDK's ES modules, of which what is not used falls away: its CommonJS form is half as large again.
    mainFields: ["module", "main"],
    // For the dependencies that have no other form than CommonJS and require Node's modules: they would fail at start.
    banner: {
      js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);',
    },
    minify: true,
    sourcemap: "external",
    legalComments: "none",
    logLevel: "silent",
  });
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(into, "source-maps"), { recursive: true });
  let code: Uint8Array = new Uint8Array();
  for (const { path, contents } of outputFiles) {
    const isMap = path.endsWith(".map");
    if (!isMap) code = contents;
    writeFileSync(isMap ? sourceMap : file, contents);
  }
  const outputs = Object.values(metafile.outputs);
  const parts = outputs
    .flatMap(({ inputs }) => Object.entries(inputs))
    .map(([path, { bytesInOutput }]) => ({ path, bytes: bytesInOutput }))
    .sort((one, other) => other.bytes - one.bytes);
  const externals = outputs.flatMap(({ imports }) => imports.map(({ path }) => path));
  return {
    folder,
    file,
    sourceMap,
    bytes: code.length,
    gzipBytes: gzipSync(code, { level: 9 }).length,
    parts,
    externals: [...new Set(externals)].sort(),
  };
}

/** Bundles the four functions as they are deployed. */
export function bundleFunctions(into: string): Record<FunctionName, Bundle> {
  const bundled = functionNames.map((name) => {
    const entry = join(root, "src", "lambda", `${name}.ts`);
    return [name, bundleFunction(into, name, entry)] as const;
  });
  return Object.fromEntries(bundled) as Record<FunctionName, Bundle>;
}
