// Compiles src/cloudtrail/members and writes the module as a TypeScript file: to the path given, or to its own place.
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { main } from "assemblyscript/asc";
import { CONSTANTS_START } from "../src/cloudtrail/members/layout.ts";

const folder = resolve(import.meta.dirname, "../src/cloudtrail/members");
const [target = join(folder, "module.ts")] = process.argv.slice(2);
const options = [
  "--outFile module.wasm",
  "--optimizeLevel 3 --converge --noAssert --runtime stub --enable simd",
  `--memoryBase ${CONSTANTS_START} --initialMemory 1 --maximumMemory 1`,
];

let compiled;
const { error, stderr } = await main(
  ["find-members.as.ts", "--baseDir", folder, ...options.join(" ").split(" ")],
  {
    writeFile: (_, contents) => {
      compiled = contents;
    },
  },
);
if (error !== null) throw new Error(String(stderr.toBuffer()), { cause: error });

const lines = Buffer.from(compiled)
  .toString("base64")
  .match(/.{1,92}/g);
const list = lines.map((line) => `  "${line}",\n`).join("");
writeFileSync(
  target,
  `/** \`find-members.as.ts\`, compiled, in base64. Written by \`npm run compile:members\`. */
export const MODULE = [\n${list}].join("");
`,
);
