import { fixedThresholds } from "./fixed-thresholds.ts";
import { hourOfWeek } from "./hour-of-week.ts";
import type { Method, Organization, Watch } from "./method.ts";
import { newTerms } from "./new-terms.ts";
import { threeSigma } from "./three-sigma.ts";
import { weightedMean } from "./weighted-mean.ts";

/** A method with settings, ready to watch. */
export interface Candidate {
  readonly name: string;
  readonly title: string;
  /** The settings as JSON. */
  readonly settings: string;
  readonly isChosen: boolean;
  watch(organization: Organization): Watch;
}

/** Every method with every choice of settings. */
export const candidates: readonly Candidate[] = [
  ...candidatesOf(fixedThresholds),
  ...candidatesOf(newTerms),
  ...candidatesOf(threeSigma),
  ...candidatesOf(weightedMean),
  ...candidatesOf(hourOfWeek),
];

/** Every method with the settings chosen on the training seeds. */
export const chosenMethods: readonly Candidate[] = candidates.filter(({ isChosen }) => isChosen);

function candidatesOf<Settings>(method: Method<Settings>): Candidate[] {
  const { name, title, chosen } = method;
  return method.choices.map((choice) => {
    const settings = textOf(choice);
    const watch = (organization: Organization): Watch => method.watch(choice, organization);
    return { name, title, settings, isChosen: settings === textOf(chosen), watch };
  });
}

function textOf(settings: unknown): string {
  return JSON.stringify(settings, (_key, value: unknown) =>
    value === Number.POSITIVE_INFINITY ? "any" : value,
  );
}
