/** Who may learn into a table: one process (`run`, `replay`), or the Lambda functions. */
export type Learner = (typeof learners)[number];

export const learners = ["run", "functions"] as const;
