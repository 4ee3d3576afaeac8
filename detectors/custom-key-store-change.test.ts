import type { KmsEvent } from "../src/detection/detector.ts";
import { ACCOUNT, event, hours, inHour, person, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { customKeyStoreChange } from "./custom-key-store-change.ts";

const DAY = 24;
const NOW = 20 * DAY;
const ada = person("ada@example.com");
const operator = principal("hsm-operator");
const looks = hours(0, 20).flatMap((day) =>
  inHour(day * DAY, 1, { name: "DescribeKey", operation: "read" }),
);
const denied: Partial<KmsEvent> = { error: { code: "AccessDenied", class: "denied" } };

testDetector(customKeyStoreChange, {
  fires: {
    "a store cut off": {
      events: [...looks, ...store(NOW, "DisconnectCustomKeyStore")],
      expect: {
        atLeast: "high",
        title: "Custom key store changed",
        reasons: ["disconnected", "new-actor"],
        observed: { acts: "disconnected" },
        expected: { actor: "new" },
        eventTime: "2026-02-22T00:00:00Z",
        kmsKey: null,
        alerts: 1,
      },
    },
    "a store cut off, without any history": {
      events: store(0, "DisconnectCustomKeyStore"),
      expect: { atLeast: "high", withoutReasons: ["new-actor"] },
    },
    "a store deleted": {
      events: store(NOW, "DeleteCustomKeyStore"),
      expect: { atLeast: "high", reasons: ["deleted"] },
    },
    "another proxy, more gravely than other settings": {
      events: [
        ...store(NOW, "UpdateCustomKeyStore", {
          parameters: { customKeyStoreId: "cks-1", xksProxyUriEndpoint: "https://203.0.113.1" },
        }),
      ],
      expect: { atLeast: "medium", reasons: ["proxy-changed"], withoutReasons: ["updated"] },
    },
    "a store outside AWS": {
      events: store(NOW, "CreateCustomKeyStore", {
        parameters: { customKeyStoreName: "mine", customKeyStoreType: "EXTERNAL_KEY_STORE" },
      }),
      expect: { atLeast: "medium", reasons: ["created-external"] },
    },
    "a store set up, connected and cut off: one alert, hardly above its gravest act": {
      events: ["CreateCustomKeyStore", "ConnectCustomKeyStore", "DisconnectCustomKeyStore"].flatMap(
        (name) => store(NOW, name),
      ),
      expect: {
        atLeast: "high",
        atMost: "high",
        observed: { acts: "disconnected created connected" },
        alerts: 1,
      },
    },
    "a key whose material lies outside AWS, at low": {
      events: store(NOW, "CreateKey", { parameters: { origin: "EXTERNAL_KEY_STORE" } }),
      expect: { atLeast: "low", atMost: "low", reasons: ["key-outside"] },
    },
    "refused attempts": {
      events: store(NOW, "DeleteCustomKeyStore", denied),
      expect: { atMost: "low", title: "Attempt to change a key store", reasons: ["refused"] },
    },
    "who does it every week, less gravely": {
      events: [0, 7, 14, 20].flatMap((day) =>
        store(day * DAY, "DisconnectCustomKeyStore", { principal: operator }),
      ),
      learnUntilHour: 15 * DAY,
      expect: { atLeast: "medium", atMost: "medium", reasons: ["regular"], alerts: 1 },
    },
    "a record that comes late": {
      events: [...looks, ...store(2 * DAY, "DisconnectCustomKeyStore")],
      inOrderGiven: true,
      expect: { atLeast: "high", title: "Custom key store changed (arrived late)" },
    },
  },
  staysSilent: {
    "looking at stores": inHour(NOW, 5, { name: "DescribeCustomKeyStores", operation: "read" }),
    "keys in AWS": store(NOW, "CreateKey", { parameters: { origin: "AWS_KMS" } }),
    "a store that is connected by who does so regularly": {
      events: [0, 7, 14, 20].flatMap((day) => store(day * DAY, "ConnectCustomKeyStore")),
      learnUntilHour: 15 * DAY,
    },
    "a store that is not there": store(NOW, "DeleteCustomKeyStore", {
      error: { code: "CustomKeyStoreNotFoundException", class: "notFound" },
    }),
  },
});

function store(hour: number, name: string, overrides: Partial<KmsEvent> = {}): KmsEvent[] {
  return [
    event({
      hour,
      name,
      operation: "admin",
      principal: ada,
      keys: [],
      recipientAccountId: ACCOUNT,
      parameters: { customKeyStoreId: "cks-1" },
      ...overrides,
    }),
  ];
}
