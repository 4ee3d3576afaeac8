import { memoize } from "./memo.ts";

/**
 * A role's or user's name without what a generator appended to it: CloudFormation's and CDK's suffixes, random hex, UUIDs,
 * timestamps, run and pull request numbers. Two names of one family differ in nothing else. Equals the name where nothing
 * was appended, or where next to nothing would be left.
 */
export const familyOf: (name: string) => string = memoize(computeFamily, 10_000);

function computeFamily(name: string): string {
  let family = name.length > LONGEST_NAME ? name.slice(0, LONGEST_NAME) : name;
  for (let cut = 0; cut < MOST_CUTS; cut += 1) {
    const shorter = withoutSuffix(family);
    if (shorter === undefined || shorter.length < SHORTEST_FAMILY) {
      return family;
    }
    family = shorter;
  }
  return family;
}

/** IAM allows 64 characters; other identities hold more. */
const LONGEST_NAME = 256;
const SHORTEST_FAMILY = 3;
/** A name such as `deploy-pr-12-20260314-a1b2c3d4` has several suffixes. */
const MOST_CUTS = 4;

const REGION = /(?:^|[-_.])[a-z]{2}(?:-[a-z]+)+-\d$/;
const UUID = /[-_.]?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;
const TIMESTAMP = /[-_.]?(?:19|20)\d{6}(?:[-_.T]?\d{4,18}Z?)?$/;
const WORK_NUMBER = /[-_.](?:pr|mr|build|run|job|v)[-_.]?\d+$/i;
const NUMBER = /(?:[-_.]\d+|\d{3,})$/;
/** Deployments that stand beside each other: the same software under two names. */
const COLOUR = /[-_.](?:blue|green|canary)$/i;
const HEX = /[-_.]([0-9a-f]{6,64})$/;
/** CloudFormation appends 12 or 13 characters; older stacks in capitals, newer ones in mixed case. */
const STACK = /-([A-Za-z0-9]{10,14})$/;
/** CDK appends eight hex digits in capitals to a construct's path. */
const CONSTRUCT = /[A-Za-z]([0-9A-F]{8})$/;

function withoutSuffix(name: string): string | undefined {
  if (REGION.test(name)) {
    return undefined;
  }
  for (const pattern of [UUID, TIMESTAMP, WORK_NUMBER, NUMBER, COLOUR]) {
    const match = pattern.exec(name);
    if (match !== null) {
      return name.slice(0, match.index);
    }
  }
  const random = HEX.exec(name) ?? generatedStackName(name);
  if (random !== null && hasDigit(random[1] ?? "")) {
    return name.slice(0, random.index);
  }
  const construct = CONSTRUCT.exec(name);
  return construct !== null && hasDigit(construct[1] ?? "")
    ? name.slice(0, name.length - 8)
    : undefined;
}

/** A word such as `Production2024` has capitals and digits too, but begins like a word and has its digits at the end. */
function generatedStackName(name: string): RegExpExecArray | null {
  const match = STACK.exec(name);
  const suffix = match?.[1] ?? "";
  const wordAndNumber = /^[A-Z]?[a-z]+\d*$/.test(suffix);
  return /[A-Z]/.test(suffix) && !wordAndNumber ? match : null;
}

function hasDigit(text: string): boolean {
  return /\d/.test(text);
}
