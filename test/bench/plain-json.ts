import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/**
 * What anybody would write in an afternoon: open each log file, parse all of it, count KMS calls by caller and name. The peer
 * that a replay is measured against. Prints records, KMS events and peak resident bytes.
 */
const [folder = "."] = process.argv.slice(2);
const counts = new Map<string, number>();
let records = 0;
let kmsEvents = 0;
for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
  if (!name.endsWith(".json.gz")) continue;
  const log = JSON.parse(gunzipSync(readFileSync(join(folder, name))).toString()) as Log;
  for (const { eventSource, eventName, userIdentity } of log.Records) {
    records += 1;
    if (eventSource !== "kms.amazonaws.com") continue;
    kmsEvents += 1;
    const group = `${userIdentity?.arn ?? ""} ${eventName}`;
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
}
const peakRssBytes = process.resourceUsage().maxRSS * 1024;
process.stdout.write(
  `${JSON.stringify({ records, kmsEvents, groups: counts.size, peakRssBytes })}\n`,
);

interface Log {
  readonly Records: { eventSource: string; eventName: string; userIdentity?: { arn?: string } }[];
}
