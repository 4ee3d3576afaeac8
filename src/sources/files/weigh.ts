import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Names looked at before it is given up. */
const mostNames = 500;

/**
 * Whether local files and folders hold at least so many bytes, as far as a few hundred names tell. Paths that are not there
 * or may not be read weigh nothing here: who reads them says so.
 */
export function weighAtLeast(bytes: number, paths: readonly string[]): boolean {
  const open = [...paths];
  let weight = 0;
  for (let looked = 0; looked < mostNames && weight < bytes; looked += 1) {
    const path = open.pop();
    if (path === undefined) break;
    try {
      const stats = statSync(path);
      if (stats.isFile()) weight += stats.size;
      else if (stats.isDirectory())
        for (const name of readdirSync(path)) open.push(join(path, name));
    } catch {
      // Told by who reads it.
    }
  }
  return weight >= bytes;
}
