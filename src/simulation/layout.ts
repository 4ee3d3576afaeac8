import { company } from "./company.ts";
import { Random } from "./random.ts";
import type { CloudTrailRecord } from "./record.ts";

/**
 * When CloudTrail delivers a record, milliseconds since the epoch: 1 to 14 minutes after the event, by a lot drawn from
 * its id.
 */
export function arrivalMs(record: Pick<CloudTrailRecord, "eventID" | "eventTime">): number {
  const lot = Number.parseInt(record.eventID.slice(0, 8), 16) / 0x1_0000_0000;
  return Date.parse(record.eventTime) + 60_000 + Math.floor(lot * 13 * 60_000);
}

/**
 * Path of a log file: `AWSLogs/ORGANIZATION/ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_UNIQUE.json.gz`,
 * as in https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html.
 */
export function objectPath(account: string, region: string, deliveredMs: number): string {
  const slot = new Date(deliveredMs).toISOString();
  const day = slot.slice(0, 10);
  const minute = `${day.replaceAll("-", "")}T${slot.slice(11, 13)}${slot.slice(14, 16)}Z`;
  const name = `${account}_CloudTrail_${region}_${minute}`;
  const unique = new Random(`object/${name}`).text(16, letters);
  const folder = `AWSLogs/${company.id}/${account}/CloudTrail/${region}/${day.replaceAll("-", "/")}`;
  return `${folder}/${name}_${unique}.json.gz`;
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
