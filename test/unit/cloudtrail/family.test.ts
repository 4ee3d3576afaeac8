import { describe, expect, it } from "vitest";
import { familyOf } from "../../../src/cloudtrail/family.ts";

describe("the family of a name", () => {
  it.each([
    ["billing-LambdaRole-UNR6O2WK9FTV", "billing-LambdaRole"],
    ["billing-LambdaRole-1WCPOGLE1YLYQ", "billing-LambdaRole"],
    ["billing-LambdaRole-qYd7cmJfhQj2", "billing-LambdaRole"],
    ["Stack-HandlerServiceRole936908BA-S40GB8UQ7G29", "Stack-HandlerServiceRole"],
    ["AWSReservedSSO_ReadOnly_ff7f8c5c5851db50", "AWSReservedSSO_ReadOnly"],
    ["worker-3f2a9c", "worker"],
    ["preview-pr-1234", "preview"],
    ["build-job_77", "build"],
    ["deploy-20260314", "deploy"],
    ["deploy-20260314T021109Z", "deploy"],
    ["terraform-20260314021109123400000001", "terraform"],
    ["session-6b5bd529-e569-4d42-ba83-fead54eb89ef", "session"],
    ["node12345", "node"],
    ["checkout-green", "checkout"],
    ["checkout-canary", "checkout"],
    ["site-pr-12-20260314-a1b2c3d", "site"],
  ])("%s belongs to %s", (name, family) => {
    expect(familyOf(name)).toBe(family);
  });

  it.each([
    ["app"],
    ["s3-reader"],
    ["access-to-s3"],
    ["replica-eu-west-1"],
    ["billing-Production"],
    ["billing-PRODUCTIONS"],
    ["okta_adm_role"],
    ["decade"],
    ["evergreen"],
    ["123456789012"],
    ["ci-12"],
    [""],
  ])("%s stands for itself", (name) => {
    expect(familyOf(name)).toBe(name);
  });

  it("is at once done with a hostile name", () => {
    const started = performance.now();
    familyOf(`${"-1".repeat(100_000)}x`);
    familyOf(`${"a-".repeat(100_000)}0`);
    expect(performance.now() - started).toBeLessThan(200);
  });
});
