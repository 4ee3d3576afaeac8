import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { attackKinds } from "../../../src/simulation/attacks/attacks.ts";
import { benignKinds } from "../../../src/simulation/benign/benign.ts";

const folders: Record<string, { kinds: readonly { name: string }[]; others: string[] }> = {
  benign: { kinds: benignKinds, others: ["benign", "kind"] },
  attacks: { kinds: attackKinds, others: ["attacks", "stage", "victims"] },
};

describe.each(Object.entries(folders))("src/simulation/%s", (folder, { kinds, others }) => {
  const path = fileURLToPath(new URL(`../../../src/simulation/${folder}`, import.meta.url));
  const files = readdirSync(path)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => name.slice(0, -3));

  it("has one file for each kind in its list, under the kind's name", () => {
    expect(kinds.map(({ name }) => name)).toEqual(files.filter((name) => !others.includes(name)));
  });

  it.each(kinds.map(({ name }) => name))("%s says in one line what it is", (name) => {
    expect(readFileSync(`${path}/${name}.ts`, "utf8")).toMatch(
      /^\/\*\* .{30,130} \*\/\nexport const/m,
    );
  });
});
