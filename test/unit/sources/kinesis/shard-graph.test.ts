import { describe, expect, it } from "vitest";
import {
  childrenOf,
  type Shard,
  startableShards,
} from "../../../../src/sources/kinesis/shard-graph.ts";

/** `c<a,b` is shard c that came from a and b. */
function graph(text: string): Map<string, Shard> {
  const shards = text.split(" ").map((part) => {
    const [id = "", parents] = part.split("<");
    return { id, parents: parents?.split(",") ?? [], open: true };
  });
  return new Map(shards.map((shard) => [shard.id, shard]));
}

const cases: [
  claim: string,
  graph: string,
  finished: string[],
  started: string[],
  ready: string[],
][] = [
  ["shards without parents start at once", "a b", [], [], ["a", "b"]],
  ["a child waits for its parent", "a b<a c<a", [], [], ["a"]],
  ["a child waits for a parent that is being read", "a b<a", [], ["a"], []],
  ["children start when their parent is finished", "a b<a c<a", ["a"], [], ["b", "c"]],
  ["a merged shard waits for the adjacent parent", "a b c<a,b", ["a"], ["b"], []],
  ["a merged shard waits for the first parent", "a b c<a,b", ["b"], ["a"], []],
  ["a merged shard starts after both parents", "a b c<a,b", ["a", "b"], [], ["c"]],
  ["a parent that has left the stream holds nobody up", "c<gone,gone2", [], [], ["c"]],
  ["a parent still being read holds up, listed or not", "c<gone", [], ["gone"], []],
  ["grandchildren wait for the whole chain", "a b<a c<b", ["a"], [], ["b"]],
  ["nothing starts twice", "a b<a", ["a"], ["b"], []],
  ["a shard that names itself as parent does not wait for ever", "a<a", [], [], ["a"]],
];

describe("which shards may start", () => {
  it.each(cases)("%s", (_claim, text, finished, started, ready) => {
    const progress = { finished: new Set(finished), started: new Set(started) };
    expect(startableShards(graph(text), progress).map((shard) => shard.id)).toEqual(ready);
  });

  it("children are found through either parent", () => {
    expect(childrenOf("b", graph("a b c<a,b d<b e<a").values())).toEqual(["c", "d"]);
  });
});
