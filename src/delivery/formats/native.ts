import { type Format, JSON_TYPE, toJson } from "./format.ts";

/** Keyhawk's own format: the alert as it is. */
export const native: Format = {
  contentType: JSON_TYPE,
  schemaVersion: "1.0",
  format: (alert) => ({ contentType: JSON_TYPE, body: toJson(alert) }),
};
