import { type Zone, zones } from "./calendar.ts";
import { type TrailKey, trailKey } from "./key.ts";
import type { Random } from "./random.ts";

/** An account of the organization with the keys that every account has. */
export interface Account {
  readonly id: string;
  readonly zone: Zone;
  readonly region: string;
  /** Address behind which its machines sit. */
  readonly address: string;
  readonly secretsKey: TrailKey;
  readonly parametersKey: TrailKey;
  readonly volumesKey: TrailKey;
  readonly dataKeys: TrailKey[];
  readonly secretNames: string[];
  readonly parameterPaths: string[];
}

/** Account ids in the manner of AWS's documentation: 111122223333, 444455556666 … */
export function accountId(nth: number): string {
  const documented = ["111122223333", "444455556666", "777788889999", "123456789012"];
  const digit = (place: number): string => String((nth * 3 + place) % 10).repeat(4);
  return documented[nth] ?? `${digit(1)}${digit(2 + Math.floor(nth / 10))}${digit(5)}`;
}

/** The nth account of an organization whose people live in a zone, with its secrets and parameters. */
export function newAccount(id: string, nth: number, home: Zone, random: Random): Account {
  const region = random.chance(0.75) ? "eu-central-1" : random.pick(["us-east-1", "eu-west-1"]);
  const teams = random.integer(4, 9);
  const secretNames: string[] = [];
  const parameterPaths: string[] = [];
  for (let team = 0; team < teams; team += 1) {
    const size = Math.round(random.lognormal(14, 0.6));
    for (let item = 0; item < size; item += 1) {
      secretNames.push(`team-${team}/credential-${item}`);
      parameterPaths.push(`/team-${team}/service-${item % 5}/setting-${item}`);
    }
  }
  return {
    id,
    zone: random.chance(0.7) ? home : random.pick(zones),
    region,
    address: `198.18.${nth}.${random.integer(4, 250)}`,
    secretsKey: trailKey(id, "alias/secrets", region),
    parametersKey: trailKey(id, "alias/aws/ssm", region),
    volumesKey: trailKey(id, "alias/volumes", region),
    dataKeys: [],
    secretNames,
    parameterPaths,
  };
}
