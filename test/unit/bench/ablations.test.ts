import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ablations, changedText } from "../../bench/ablations.ts";

const root = new URL("../../../", import.meta.url);

describe("ablations", () => {
  it.each(ablations.map((ablation) => [ablation.name, ablation] as const))(
    "%s finds each of its places exactly once and changes them",
    (_name, { edits }) => {
      for (const file of new Set(edits.map((edit) => edit.file))) {
        const text = readFileSync(new URL(file, root), "utf8");
        const own = edits.filter((edit) => edit.file === file);
        expect(own.reduce(changedText, text)).not.toBe(text);
      }
    },
  );

  it("refuse to change what is not there, or there twice", () => {
    const edit = { file: "a.ts", from: "one", to: "two" };
    expect(() => changedText("zero", edit)).toThrow("expected once, found 0 times");
    expect(() => changedText("one and one", edit)).toThrow("expected once, found 2 times");
    expect(changedText("just one", edit)).toBe("just two");
  });

  it("have names of their own", () => {
    expect(new Set(ablations.map(({ name }) => name)).size).toBe(ablations.length);
  });
});
