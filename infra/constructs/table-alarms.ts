import { sumOf, type Alarms } from "./alarms.ts";

/** The table refuses or fails: handlers try again by themselves, for as long as this does not last. */
export function alarmOnTable(alarms: Alarms, tableName: string): void {
  for (const kind of ["Write", "Read"] as const) {
    alarms.add(`Table${kind}Throttles`, {
      metric: sumOf("AWS/DynamoDB", `${kind}ThrottleEvents`, { TableName: tableName }, 5),
      description: `Keyhawk: ${kind.toLowerCase()}s of the table are throttled. One entity beyond 1,000 writes a second, or the table's own quota?`,
      threshold: 10,
      periods: 3,
    });
  }
}
