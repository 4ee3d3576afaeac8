/**
 * List prices of us-east-1 in dollars, as of November 2026, and the pages of AWS that give them. Free tiers and discounts are
 * left out.
 */
export const prices = {
  asOf: "November 2026",
  region: "us-east-1",
  /** aws.amazon.com/lambda/pricing: Arm. */
  lambda: { gigabyteSecond: 0.000_013_333_4, millionRequests: 0.2 },
  /** aws.amazon.com/kinesis/data-streams/pricing: a PUT unit is 25 KB of one record; extended retention is beyond 24 hours. */
  kinesis: {
    shardHour: 0.015,
    millionPutUnits: 0.014,
    extendedShardHour: 0.02,
  },
  /** aws.amazon.com/dynamodb/pricing: standard table class; a write unit is 1 KB, a consistent read unit 4 KB. */
  dynamodb: {
    millionWriteUnits: 0.625,
    millionReadUnits: 0.125,
    writeCapacityHour: 0.000_65,
    readCapacityHour: 0.000_13,
    gigabyteMonth: 0.25,
    recoveryGigabyteMonth: 0.2,
  },
  /** aws.amazon.com/cloudwatch/pricing: log lines, metrics of one's own, alarms, dashboards. */
  cloudwatch: { gigabyteLogged: 0.5, metricMonth: 0.3, alarmMonth: 0.1, dashboardMonth: 3 },
  /** aws.amazon.com/kms/pricing and aws.amazon.com/secrets-manager/pricing. */
  kms: { keyMonth: 1 },
  secretMonth: 0.4,
  /** aws.amazon.com/sns/pricing: requests to a standard topic. */
  millionPublishes: 0.5,
  /** aws.amazon.com/ec2/pricing/on-demand (m7g.large), aws.amazon.com/ebs/pricing (gp3, snapshots), aws.amazon.com/vpc/pricing. */
  machine: {
    hour: 0.0816,
    gigabyteMonth: 0.08,
    snapshotGigabyteMonth: 0.05,
    gatewayHour: 0.045,
    endpointHour: 0.01,
    endpointGigabyte: 0.01,
  },
} as const;

/** Days of a month, as AWS turns months into hours: 730 of them. */
export const daysPerMonth = 730 / 24;
