import { maximumOf, sumOf, type Alarms } from "./alarms.ts";

const kinesis = "AWS/Kinesis";

/** No events for so long although CloudTrail delivers within minutes: somebody or something has cut the sensor off. */
export function alarmOnSilence(alarms: Alarms, streamName: string, minutes: number): void {
  alarms.add("Silence", {
    metric: sumOf(kinesis, "IncomingRecords", { StreamName: streamName }, minutes),
    description:
      `Keyhawk: no record reached ${streamName} for ${minutes} minutes. Look at the trail (logging, event selectors), ` +
      "then at the subscription filter, rule or notification that feeds the stream.",
    threshold: 1,
    below: true,
    ringsWithoutData: true,
  });
}

/** Writers are refused: what feeds the stream loses time, and a CloudWatch Logs subscription after a day loses data. */
export function alarmOnFullStream(alarms: Alarms, id: string, streamName: string): void {
  alarms.add(id, {
    metric: sumOf(kinesis, "WriteProvisionedThroughputExceeded", { StreamName: streamName }, 5),
    description: `Keyhawk: writers to ${streamName} are throttled. Add shards, or make the stream on demand.`,
    threshold: 1,
    periods: 3,
  });
}

/** The one-process consumer reads old records: it is too slow, or does not run. */
export function alarmOnOldReading(alarms: Alarms, streamName: string, minutes: number): void {
  alarms.add("ReadingLate", {
    metric: maximumOf(kinesis, "GetRecords.IteratorAgeMilliseconds", { StreamName: streamName }, 5),
    description: `Keyhawk: records of ${streamName} are read more than ${minutes} minutes late. Is the worker running, and fast enough?`,
    threshold: minutes * 60_000,
    periods: 3,
  });
}
