import { describe, expect, it } from "vitest";
import { attackSystemOf, clientOf, networkOf } from "../../../src/detection/origin.ts";
import { event, principal } from "../../support/events.ts";

const service = { principal: principal("app", { via: "s3.amazonaws.com" }) };

describe("the network of a call", () => {
  it.each([
    ["10.20.30.40", "10.20.0.0/16"],
    ["10.20.99.1", "10.20.0.0/16"],
    ["2001:db8:ff::5", "2001:db8:ff::/48"],
    ["2001:db8:ff:7:1:2:3:4", "2001:db8:ff::/48"],
    ["2001:db8::1", "2001:db8:0::/48"],
    ["::1", "0:0:0::/48"],
  ])("of %s is %s", (value, network) => {
    expect(networkOf(event({ source: { kind: "address", value } }))).toBe(network);
  });

  it("is the VPC endpoint where there is one", () => {
    expect(networkOf(event({ vpcEndpointId: "vpce-0a1b2c3d4e5f" }))).toBe("vpce-0a1b2c3d4e5f");
  });

  it("is not an endpoint of AWS's own", () => {
    expect(networkOf(event({ vpcEndpointId: "AWS Internal" }))).toBe("192.0.0.0/16");
  });

  it("is unknown for services and what is no address", () => {
    expect(networkOf(event(service))).toBeUndefined();
    const source = { kind: "service", value: "s3.amazonaws.com" } as const;
    expect(networkOf(event({ source }))).toBeUndefined();
  });
});

describe("the client of a call", () => {
  it.each([
    ["Boto3/1.38.23 md/Botocore#1.38.23 ua/2.1 os/linux#6.1 lang/python#3.12.9", "boto"],
    ["Boto3/1.26.90 Python/3.9.2 Linux/5.10.0 Botocore/1.29.90", "boto"],
    ["aws-cli/2.27.31 md/awscrt#0.26.1 ua/2.1 os/linux#6.8.0", "aws-cli"],
    ["aws-sdk-java/2.25.3 Linux/5.10 OpenJDK_64-Bit_Server_VM/21", "aws-sdk-java"],
    ["aws-sdk-go-v2/1.16.4 os/linux lang/go/1.19.1", "aws-sdk-go"],
    ["aws-sdk-nodejs/2.1692.0 linux/v18.20.4 promise", "aws-sdk-js"],
    ["aws-sdk-js/3.800.0 ua/2.1 os/linux lang/js md/nodejs#20.19", "aws-sdk-js"],
    ["APN/1.0 HashiCorp/1.0 Terraform/1.9.0 aws-sdk-go-v2/1.32.6", "terraform"],
    ["Boto3/1.34 Python/3.12 Linux/5.10 exec-env/AWS_Lambda_python3.12 x", "boto in aws lambda"],
    ["Boto3/1.38 Python/3.13 Linux/5.10 exec-env/AWS_Lambda_python3.13 x", "boto in aws lambda"],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0", "browser"],
    ["[S3Console/0.4, aws-internal/3]", "s3console"],
    ["my tool", "my"],
    ["", "unknown"],
  ])("of %s is %s", (userAgent, client) => {
    expect(clientOf(event({ userAgent }))).toBe(client);
  });

  it("is unknown for services and where there is no user agent", () => {
    expect(clientOf(event(service))).toBeUndefined();
    expect(clientOf(event({ userAgent: undefined }))).toBeUndefined();
  });
});

describe("the attack system of a call", () => {
  it.each([
    ["Boto3/1.26.90 Python/3.9.2 Linux/5.10.0-kali7-amd64 Botocore/1.29.90", "kali"],
    ["aws-cli/2.9 Linux/6.0.0-12parrot1-amd64", "parrot"],
    ["aws-cli/2.9 Linux/5.10.0-amd64", undefined],
    ["alkaline/1.0", undefined],
    ["kalimera/1.0", undefined],
  ])("of %s is %s", (userAgent, system) => {
    expect(attackSystemOf(event({ userAgent }))).toBe(system);
  });
});
