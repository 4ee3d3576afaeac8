import { typicalMemory } from "./typical-memory.ts";

/**
 * What memories look like, detector by detector: most of a memory's text are names, and compressed against this text they cost
 * next to nothing. It need not be up to date, but what was compressed against it can be opened with nothing else: once
 * released it is never changed. What is commonest, a whole memory, comes last, where zlib reaches it with the shortest distances
 * (RFC 1950, "preset dictionary").
 */
export function textDictionary(): Uint8Array {
  return bytes;
}

const set = `{"members":{},"discoveries":0,"meetings":0,"day":0}`;
const met = (name: string): string =>
  `{"members":{"${name}":[49,204,1]},"discoveries":0.,"meetings":0.,"day":204}`;
const actors = `"actors":{"known":${set},"families":${set},"regulars":${set}}`;
const rate = `{"born":49,"active":0,"sum":0,"weight":0,"cells":[0,0,0,0,0,0,0,0],"weekdays":0,"weekends":0,"excess":0,"squares":0,"peak":0}`;
const expected = `{"mean":0.,"dispersion":0.,"peak":0,"daysLearned":41.,"samples":0}`;
const principal = `{"key":"arn:aws:iam::","type":"AssumedRole","accountId":"","name":"","session":"","via":null}`;
const evidence = `{"count":1,"ids":[""],"addresses":[""],"agents":[""],"keys":["arn:aws:kms:"],"regions":[""],"principal":${principal}}`;
const volume = `{"rate":${rate},"hours":{"hours":[0,0,0,0,0,0,0,0],"stray":0},"fiveMinutes":{"hours":[0,0,0,0,0,0,0,0],"stray":0},"peakDay":0,"day":204,"dayCount":0,"dayLimit":0,"daySum":0,"dayWeight":0,"activeDays":0,"alarms":[]}`;
const volumeLimits = `{"fiveMinutes":0,"hour":0,"day":0,"expectation":${expected},"expectedDay":0,"largestHour":0,"alarmDays":0,"largestAlarm":0,"alarmsOfLastDay":0}`;

const share = `{"part":0.,"all":0.,"windows":0,"beyond":0.,"most":0.}`;
const expectedShare = `{"share":0.,"correlation":0.}`;

const acts: readonly [string, string] = [
  `{"days":41.,"events":0,"acts":0}`,
  `{"events":0,"doers":{},"used":{},"made":{}}`,
];

const memories: readonly string[] = [
  of("policy-change", `{"born":49,"events":0,"acts":0,${actors},"policy":null}`, acts),
  of(
    "alias-repointed",
    `{"born":49,"events":0,"acts":0,${actors},"used":${set},"made":${set}}`,
    acts,
  ),
  of("foreign-account", `{"born":49,"events":0,"counterparts":${set},"peaks":{}}`, acts),
  of("grant-to-outsider", `{"born":49,"grants":0,"grantees":${set},"families":${set}}`, acts),
  of("denied-then-allowed", `{"born":49,"calls":0,"allowed":${set},"refusedMs":{},"changes":[]}`, [
    `{"days":41.,"calls":0}`,
    `{"calls":1,"users":{},"changes":[]}`,
  ]),
  of(
    "dormant-key",
    `{"born":49,"last":49,"days":0,"usual":1,"longest":1,"calls":0,"users":${set}}`,
    [
      `{"awayDays":0.,"limitDays":21,"usualDays":1,"days":41.,"calls":0,"users":0,"isAwake":true}`,
      `{"calls":1,"reads":0,"firstMs":177,"users":[""],"human":false,"evidence":null}`,
    ],
  ),
  of("key-wide-rise", `{"habit":${volume},"largest":0.,"users":${rate}}`, [
    `${volumeLimits.slice(0, -1)},"share":8,"users":7,"expectedUsers":0.}`,
    `{"count":0,"decrypts":0,"fiveMinutes":0,"users":{},"userCount":0,"minutes":[],"evidence":null}`,
  ]),
  of(
    "unexpected-principal",
    `{"born":49,"calls":0,"principals":${set},"families":${set},"vias":${set}}`,
    [
      `{"mature":false,"days":41.,"calls":0,"principals":0,"discovery":0.}`,
      `{"calls":1,"decrypts":0,"users":{},"userCount":0,"overflow":0}`,
    ],
  ),
  of("context-fan-out", `{"secrets":${rate},"objects":${rate}}`, [
    `{"secrets":20,"objects":200,"secretsExpected":${expected},"objectsExpected":${expected}}`,
    `{"secrets":{},"secretsMet":0,"secretsRead":0,"secretsReadAgain":0,"objects":[],"objectReads":[],"secretsEvidence":${evidence},"objectsEvidence":null}`,
  ]),
  of("break-glass", "null", ["null", `{"declared":null,"undeclared":null}`]),
  of("decrypt-spike", `${volume.slice(0, -1)},"share":${share}}`, [
    `${volumeLimits.slice(0, -1)},"share":${expectedShare}}`,
    `{"count":1,"again":0,"fiveMinutes":1,"reads":{"others":[0,1,0],"secrets":{},"secretReads":[]},"others":0,"human":false,"evidence":${evidence}}`,
  ]),
  of("context-novelty", `{"born":49,"calls":0,"keys":{},"met":${set},"shapes":${set}}`, [
    `{"days":41.,"calls":0,"discovery":0.}`,
    `{"fresh":0,"size":1,"met":{}}`,
  ]),
  of(
    "denied-probing",
    `{"born":49,"calls":0,"firstFailure":-1,"failed":${set},"peakKeys":{"value":0,"hour":0},"peakFailures":{"value":0,"hour":0}}`,
    [
      `{"keys":3,"failures":100,"days":41.,"calls":0,"peakFailures":0,"daysWithoutFailure":41.}`,
      `{"calls":1,"failures":0,"firstMs":[],"keys":{},"operations":[],"isDirect":false,"evidence":null}`,
    ],
  ),
  of("direct-use", `{"born":49,"serviceCalls":0,"isDirect":true,"keysByServices":{}}`, [
    `{"days":41.,"serviceCalls":0,"isNeverDirect":false,"keys":0,"turnedKeys":0}`,
    `{"serviceCalls":0,"isDirect":true,"size":1,"served":{},"direct":{"arn:aws:kms:":false},"granted":0,"writes":false,"human":false,"evidence":null,"firstMs":0}`,
  ]),
  of("dormant-principal", `{"born":49,"last":49,"days":0,"usual":1,"longest":1,"calls":0}`, [
    `{"awayDays":0.,"limitDays":21,"usualDays":1,"days":41.,"calls":0,"isAwake":true}`,
    `{"calls":1,"firstMs":177,"keys":[],"human":false,"isDirect":false,"evidence":null}`,
  ]),
  of("enumeration", `{"born":49,"calls":0,"peak":{"value":0,"hour":0}}`, [
    `{"keys":10,"peak":0,"days":41.,"calls":0}`,
    `{"calls":1,"keys":{},"operations":[],"human":false,"evidence":null}`,
  ]),
  of("foreign-encryption", `{"born":49,"calls":0,"keys":${set}}`, [
    `{"days":41.,"calls":0}`,
    `{"calls":1,"writings":{}}`,
  ]),
  of("new-key", `{"born":49,"calls":0,"keys":${set}}`, [
    `{"isMature":true,"days":41.,"calls":0,"keys":0,"discovery":0.}`,
    `{"calls":1,"fresh":0,"size":0,"keys":{}}`,
  ]),
  of("new-operation", `{"born":49,"calls":0,"operations":${met("Decrypt")}}`, [
    `{"isMature":true,"days":41.,"calls":0,"discovery":0.}`,
    `{"calls":1,"human":false,"met":{"Decrypt":null}}`,
  ]),
  of(
    "new-origin",
    `{"born":49,"calls":0,"known":{"network":${met("network 10.0.0.0/16")},"client":${met("client aws-sdk-")},"region":${met("region ")}},"move":null}`,
    [
      `{"days":41.,"calls":0,"discovery":{"network":0.,"client":0.,"region":0.},"sizes":{"network":1,"client":1,"region":1}}`,
      `{"calls":1,"reads":false,"writes":false,"met":{"network":{"network 10.0.0.0/16":177},"client":{"client aws-sdk-":177},"region":{"region ":177}},"lastUsualMs":{"network":177,"client":177},"attackSystem":"","human":false,"evidence":null}`,
    ],
  ),
  of(
    "new-secrets",
    `{"born":49,"reads":0,"known":${set},"day":204,"ofDay":[],"discovery":0.,"mostOfDay":{"value":0,"hour":49}}`,
    [
      `{"isMature":true,"days":41.,"reads":0,"known":1,"discovery":0.,"mostOfDay":0}`,
      `{"reads":0,"size":0,"met":{},"human":false,"evidence":null}`,
    ],
  ),
  of(
    "new-contexts",
    `{"reads":0,"contexts":{"members":"","fresh":{},"today":[],"day":204,"discoveries":0,"meetings":0,"faded":204,"born":49,"open":-1},"day":204,"ofDay":[]}`,
    [
      `{"isClosed":true,"isMature":true,"days":41.,"reads":0,"known":1,"discovery":0.}`,
      `{"reads":0,"size":0,"met":{},"written":{},"keys":{},"isWriter":false,"human":false,"evidence":null}`,
    ],
  ),
  of(
    "read-share",
    `{"born":49,"hours":${share},"days":${share},"day":204,"part":0,"all":0,"alarms":[]}`,
    [
      `{"hour":${expectedShare},"day":${expectedShare},"days":41.,"windows":0}`,
      `{"part":1,"all":1,"minutes":[0,1,0],"secrets":{},"evidence":${evidence}}`,
    ],
  ),
  of("re-encrypt-sweep", `{"born":49,"calls":0,"pairs":${set},"keys":${set}}`, [
    `{"mature":true,"days":41.,"calls":0,"pairs":0}`,
    `{"calls":1,"keys":{},"pairs":{}}`,
  ]),
  of(
    "slow-drift",
    `{"born":204,"day":204,"hours":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"others":0,"readShare":${share},"levels":[0.,0.],"growth":0.,"scatter":0.,"days":[29,11],"profile":{"levels":[0,0.,0.,0.,0.,0.],"scatter":0.,"roughness":2.,"days":40},"volume":null,"spread":null,"hourly":{},"alarm":null}`,
    [
      `{"drift":null,"days":41}`,
      `{"count":0,"others":0,"secrets":{},"firstMs":177,"evidence":null}`,
    ],
  ),
  of(
    "unusual-hour",
    `{"born":49,"cells":[0,0,0,0,0,0,0,0],"weekdays":0,"weekends":0,"lastDay":204,"active":0,"strays":0,"lastStrayDay":-1,"mostStray":0}`,
    [
      `{"probability":0.,"calls":9007199254740991,"mostStray":0,"isSeldom":false,"punctualDays":0,"usual":"","state":{"maturity":"mature","daysLearned":41.,"samples":0}}`,
      `{"count":1,"firstMs":[],"human":false,"evidence":null}`,
    ],
  ),
];

/** A detector's part of a memory: its baseline, and two open hours. */
function of(
  detector: string,
  baseline: string,
  [limits, bucket]: readonly [string, string],
): string {
  const hours = `[{"hour":49,"limits":${limits},"bucket":null},{"hour":49,"bucket":${bucket}}]`;
  return `"${detector}":{"v":1,"b":${baseline},"h":${hours}},`;
}

const bytes = Buffer.from(`${memories.join("")}${typicalMemory}`);
