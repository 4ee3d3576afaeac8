/** Meadowlark Freight, the invented company of all simulated trails: `.example` names belong to nobody (RFC 2606). */
export const company = {
  /** Id of its AWS organization. */
  id: "o-meadowlark0",
  name: "meadowlark",
  domain: "meadowlark.example",
  /** Where most of it runs. */
  region: "eu-central-1",
} as const;
