import { type Caller, type JsonObject, isoSeconds } from "./caller.ts";
import { Random } from "./random.ts";

/** Callers without a role of their own: federated sessions of IAM users, people of Identity Center. */

/** A session of GetFederationToken: an IAM user signs for someone, and the session's name says for whom. */
export function federatedUser(options: {
  accountId: string;
  user: string;
  session: string;
  sourceAddress: string;
}): Caller {
  const { accountId, user, session } = options;
  const userId = `AIDAEXAMPLE${letters(`${accountId}/${user}`, 10)}`;
  const identity = (timeMs: number): JsonObject => {
    const halfDay = Math.floor(timeMs / 43_200_000);
    return {
      type: "FederatedUser",
      principalId: `${accountId}:${session}`,
      arn: `arn:aws:sts::${accountId}:federated-user/${session}`,
      accountId,
      accessKeyId: `ASIA${letters(`${accountId}/${session}/${halfDay}`, 9)}EXAMPLE`,
      sessionContext: {
        sessionIssuer: {
          type: "IAMUser",
          principalId: userId,
          arn: `arn:aws:iam::${accountId}:user/${user}`,
          accountId,
          userName: user,
        },
        attributes: {
          creationDate: isoSeconds(halfDay * 43_200_000),
          mfaAuthenticated: "false",
        },
      },
    };
  };
  return {
    entity: `arn:aws:iam::${accountId}:user/${user}`,
    accountId,
    sourceAddress: options.sourceAddress,
    userAgent:
      "aws-sdk-java/1.12.780 Linux/5.10.234 OpenJDK_64-Bit_Server_VM/17.0.14 vendor/Amazon",
    vpcEndpointId: undefined,
    fromConsole: false,
    identityAt: identity,
  };
}

/** Someone of Identity Center's store, for whom an application calls with the person's own identity. */
export function identityCenterUser(options: {
  accountId: string;
  region: string;
  nth: number;
  sourceAddress: string;
}): Caller {
  const { accountId } = options;
  const store = `arn:aws:identitystore::${accountId}:identitystore/d-9067000000`;
  const random = new Random(`identity-center/${accountId}/${options.nth}`);
  const userId = random.uuid();
  const identity: JsonObject = {
    type: "IdentityCenterUser",
    accountId,
    onBehalfOf: { userId, identityStoreArn: store },
    credentialId: random.text(64, "0123456789abcdef"),
  };
  return {
    entity: `${store}/user/${userId}`,
    accountId,
    sourceAddress: options.sourceAddress,
    userAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/137.0.0.0 Safari/537.36",
    vpcEndpointId: undefined,
    fromConsole: false,
    identityAt: () => identity,
  };
}

function letters(name: string, length: number): string {
  return new Random(`federation/${name}`).text(length, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
}
