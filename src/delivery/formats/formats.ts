import type { Format } from "./format.ts";
import { native } from "./native.ts";
import { type OcsfVersion, ocsf } from "./ocsf.ts";
import { splunkHec } from "./splunk-hec.ts";

/** The formats, by the name that configurations and the command line use. */
export const formatNames = ["native", "ocsf", "splunk-hec"] as const;
export type FormatName = (typeof formatNames)[number];

const formats: Readonly<Record<FormatName, (options: FormatOptions) => Format>> = {
  native: () => native,
  ocsf: ({ ocsfVersion = "1.8.0" }) => ocsf(ocsfVersion),
  "splunk-hec": () => splunkHec,
};

export interface FormatOptions {
  readonly ocsfVersion?: OcsfVersion;
}

/** The format of a name. */
export function formatOf(name: FormatName, options: FormatOptions = {}): Format {
  return formats[name](options);
}
