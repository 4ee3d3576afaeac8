import type { KmsEvent } from "../src/detection/detector.ts";
import { event, hours, inHour, person } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { sensorBlinded } from "./sensor-blinded.ts";

const NOON = 36;
const habit = hours(0, NOON).flatMap((hour) => inHour(hour, 1));
const denied = { error: { code: "AccessDenied", class: "denied" } } as const;
const everything = { includeManagementEvents: true, readWriteType: "All" };

testDetector(sensorBlinded, {
  fires: {
    "logging stopped": {
      events: [...habit, call("StopLogging", { name: "trail" })],
      expect: {
        atLeast: "critical",
        reasons: ["logging-stopped"],
        kmsKey: null,
        eventTime: "2026-02-03T12:00:00Z",
        alerts: 1,
      },
    },
    "a trail deleted": {
      events: [call("DeleteTrail", { name: "trail" })],
      expect: { atLeast: "critical", reasons: ["trail-deleted"] },
    },
    "KMS left out": {
      events: [selectors({ ...everything, excludeManagementEventSources: ["kms.amazonaws.com"] })],
      expect: {
        atLeast: "critical",
        reasons: ["kms-excluded"],
        observed: { change: "kms-excluded" },
      },
    },
    "writing calls only": {
      events: [selectors({ includeManagementEvents: true, readWriteType: "WriteOnly" })],
      expect: { atLeast: "critical", reasons: ["write-only"] },
    },
    "no management events at all": {
      events: [selectors({ includeManagementEvents: false, readWriteType: "All" })],
      expect: { atLeast: "critical", reasons: ["management-excluded"] },
    },
    "KMS left out by advanced selectors": {
      events: [
        advanced([
          { field: "eventCategory", equals: ["Management"] },
          { field: "eventSource", notEquals: ["kms.amazonaws.com", "rdsdata.amazonaws.com"] },
        ]),
      ],
      expect: { atLeast: "critical", reasons: ["kms-excluded"] },
    },
    "writing calls only by advanced selectors": {
      events: [
        advanced([
          { field: "eventCategory", equals: ["Management"] },
          { field: "readOnly", equals: ["false"] },
        ]),
      ],
      expect: { atLeast: "critical", reasons: ["write-only"] },
    },
    "data events only by advanced selectors": {
      events: [advanced([{ field: "eventCategory", equals: ["Data"] }])],
      expect: { atLeast: "critical", reasons: ["management-excluded"] },
    },
    "other Regions left out": {
      events: [call("UpdateTrail", { name: "trail", isMultiRegionTrail: false })],
      expect: { atLeast: "high", atMost: "high", reasons: ["regions-excluded"] },
    },
    "another change of a trail, weakly": {
      events: [call("UpdateTrail", { name: "trail", kmsKeyId: "x" })],
      expect: { atLeast: "low", atMost: "low" },
    },
    "refused attempts": {
      events: [call("StopLogging", { name: "trail" }, denied)],
      expect: {
        atLeast: "medium",
        atMost: "medium",
        reasons: ["refused"],
        observed: { denied: 1 },
      },
    },
    "an attempt that succeeds in the end, as one alert": {
      events: [
        call("StopLogging", { name: "trail" }, denied),
        call("StopLogging", { name: "trail" }, { second: 60 }),
      ],
      expect: { atLeast: "critical", alerts: 1 },
    },
    "hours late": {
      events: [...habit, call("StopLogging", { name: "trail" }, { hour: 12 })],
      inOrderGiven: true,
      expect: { atLeast: "critical" },
    },
  },
  staysSilent: {
    "everything selected": [selectors(everything)],
    "another service left out": [
      selectors({ ...everything, excludeManagementEventSources: ["rdsdata.amazonaws.com"] }),
    ],
    "a selector of writing calls beside one of reading calls": [
      selectors(
        { includeManagementEvents: true, readWriteType: "WriteOnly" },
        { includeManagementEvents: true, readWriteType: "All" },
      ),
    ],
    "all management events by advanced selectors, and data events beside them": [
      call("PutEventSelectors", {
        advancedEventSelectors: [
          { fieldSelectors: [{ field: "eventCategory", equals: ["Management"] }] },
          { fieldSelectors: [{ field: "eventCategory", equals: ["Data"] }] },
        ],
      }),
    ],
    "selectors that nobody can read": [
      call("PutEventSelectors", { eventSelectors: "?", advancedEventSelectors: [null, 1] }),
    ],
    "Insights switched": [call("PutInsightSelectors", { insightSelectors: [] })],
    "a KMS call of such a name": [event({ name: "StopLogging", operation: "other" })],
  },
});

function call(
  name: string,
  parameters: Readonly<Record<string, unknown>>,
  overrides: Parameters<typeof event>[0] = {},
): KmsEvent {
  return event({
    hour: NOON,
    name,
    operation: "admin",
    service: "cloudtrail",
    keys: [],
    principal: person("ada@example.com"),
    parameters,
    ...overrides,
  });
}

function selectors(...eventSelectors: readonly unknown[]): KmsEvent {
  return call("PutEventSelectors", { trailName: "trail", eventSelectors });
}

function advanced(fieldSelectors: readonly unknown[]): KmsEvent {
  return call("PutEventSelectors", { advancedEventSelectors: [{ fieldSelectors }] });
}
