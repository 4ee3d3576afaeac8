import { RemovalPolicy } from "aws-cdk-lib";
import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type IVpc,
  Port,
  Peer,
  SecurityGroup,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { OwnKey } from "./own-key.ts";

export interface WorkerNetworkProps {
  readonly key: OwnKey;
  readonly availabilityZone: string;
  readonly logGroupPath: string;
  readonly logRetention: RetentionDays;
}

/**
 * A small network of its own: the instance has no address on the internet and nothing may connect to it. Events come through an
 * endpoint, since their bytes would cost more through the NAT gateway than the instance does.
 */
export class WorkerNetwork extends Construct {
  readonly vpc: IVpc;
  readonly securityGroup: SecurityGroup;
  readonly endpointSecurityGroup: SecurityGroup;
  readonly flowLog: LogGroup;

  constructor(scope: Construct, id: string, props: WorkerNetworkProps) {
    super(scope, id);
    this.flowLog = new LogGroup(this, "FlowLog", {
      logGroupName: `${props.logGroupPath}/flow`,
      encryptionKey: props.key.key,
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const vpc = new Vpc(this, "Vpc", {
      ipAddresses: IpAddresses.cidr("10.77.0.0/24"),
      availabilityZones: [props.availabilityZone], // That of the volume; there is nothing to spread.
      natGateways: 1,
      restrictDefaultSecurityGroup: false, // It would need a function of the CDK's own; nothing is in that group.
      subnetConfiguration: [
        { name: "public", subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: false },
        { name: "private", subnetType: SubnetType.PRIVATE_WITH_EGRESS },
      ],
      gatewayEndpoints: { s3: { service: GatewayVpcEndpointAwsService.S3 } },
      flowLogs: { all: { destination: FlowLogDestination.toCloudWatchLogs(this.flowLog) } },
    });
    // The class has optional properties without `undefined` in their types, which this project's compiler minds.
    this.vpc = vpc as IVpc;
    this.securityGroup = new SecurityGroup(this, "SecurityGroup", {
      vpc: this.vpc,
      description: "Keyhawk: nothing in, TLS out",
      allowAllOutbound: false,
    });
    this.securityGroup.addEgressRule(Peer.anyIpv4(), Port.tcp(443), "AWS and receivers of alerts");
    this.endpointSecurityGroup = new SecurityGroup(this, "EndpointSecurityGroup", {
      vpc: this.vpc,
      description: "Kinesis for Keyhawk: TLS in from the instance",
      allowAllOutbound: false,
    });
    this.endpointSecurityGroup.addIngressRule(this.securityGroup, Port.tcp(443), "From Keyhawk");
    vpc.addInterfaceEndpoint("Kinesis", {
      service: InterfaceVpcEndpointAwsService.KINESIS_STREAMS,
      securityGroups: [this.endpointSecurityGroup],
      open: false,
    });
  }
}
