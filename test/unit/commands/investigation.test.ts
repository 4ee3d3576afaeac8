import { describe, expect, it } from "vitest";
import { consoleLink, investigationCommands } from "../../../src/commands/investigation.ts";
import { alertOf } from "../../support/report-input.ts";

const id = alertOf().evidence.eventIds[0];
const principal = alertOf().principal;
if (principal === null) throw new TypeError("no principal");

const keyIn = (partition: string, region: string) => ({
  arn: `arn:${partition}:kms:${region}:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
  accountId: "111122223333",
  region,
});

describe("the console link", () => {
  it.each([
    ["aws", "eu-west-1", "https://eu-west-1.console.aws.amazon.com"],
    ["aws-cn", "cn-north-1", "https://cn-north-1.console.amazonaws.cn"],
    ["aws-us-gov", "us-gov-west-1", "https://us-gov-west-1.console.amazonaws-us-gov.com"],
  ])("in %s", (partition, region, host) => {
    const alert = alertOf({ region, kmsKey: keyIn(partition, region) });
    expect(consoleLink(alert)).toBe(`${host}/cloudtrailv2/home?region=${region}#/events/${id}`);
  });

  it("by the region alone where no ARN says the partition", () => {
    const alert = alertOf({ region: "cn-north-1", kmsKey: null, principal: null });
    expect(consoleLink(alert)).toContain("console.amazonaws.cn");
  });

  it.each([
    ["no event", alertOf({ evidence: { ...alertOf().evidence, eventIds: [] } })],
    ["a region that is none", alertOf({ region: "x/../evil", kmsKey: null })],
    ["a partition without a known console", alertOf({ kmsKey: keyIn("aws-iso", "us-iso-east-1") })],
  ])("is not there for %s", (_name, alert) => {
    expect(consoleLink(alert)).toBeUndefined();
  });
});

describe("the commands", () => {
  it("look up the event, the session and the key in the window, and show the key and the role", () => {
    const { window, kmsKey } = alertOf();
    const period = `--start-time ${window.start} --end-time ${window.end}`;
    const lookUp =
      "aws cloudtrail lookup-events --region eu-west-1 --lookup-attributes AttributeKey";
    expect(investigationCommands(alertOf())).toEqual([
      `${lookUp}=EventId,AttributeValue=${id}`,
      `${lookUp}=Username,AttributeValue=i-0abc12de34f567890 ${period}`,
      `${lookUp}=ResourceName,AttributeValue=${kmsKey?.arn} ${period}`,
      `aws kms describe-key --key-id ${kmsKey?.arn} --region eu-west-1`,
      `aws kms get-key-policy --key-id ${kmsKey?.arn} --region eu-west-1 --policy-name default`,
      `aws kms list-grants --key-id ${kmsKey?.arn} --region eu-west-1`,
      "aws iam get-role --role-name orders-worker",
    ]);
  });

  it.each([
    "$(id)",
    "a b",
    "a;id",
    "a'b",
    "a\nb",
    "a,AttributeKey=EventId",
    "-rf",
    "`id`",
    "a|b",
    "a&b",
    "",
  ])("leave out what a shell or the CLI could read otherwise: %j", (session) => {
    const commands = investigationCommands(alertOf({ principal: { ...principal, session } }));
    expect(commands.some((command) => command.includes("Username"))).toBe(false);
    expect(commands).toHaveLength(6);
  });

  it("of an alert about Keyhawk itself are none", () => {
    const evidence = { eventCount: 0, eventIds: [], sourceAddresses: [], userAgents: [] };
    const alert = alertOf({ principal: null, kmsKey: null, region: null, evidence });
    expect(investigationCommands(alert)).toEqual([]);
  });
});
