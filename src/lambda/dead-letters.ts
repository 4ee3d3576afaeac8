/** Something that could not be understood or counted, kept whole with where it was found. */
export interface LambdaDeadLetter {
  /** Short and constant, to be counted by. */
  readonly reason: string;
  /** One line for people; holds no value of a record beyond names of fields. */
  readonly detail: string;
  /** `shard/sequence`, and within it what there is. */
  readonly origin: string;
  /** The bytes as they came; of the entity stream a record that can be put on it again. */
  readonly payload: Uint8Array;
}

/** Where dead letters go. */
export interface DeadLetters {
  /** Keeps the letters of one invocation; resolves when they are durable. Letters kept twice stand there twice. */
  put(handler: string, letters: readonly LambdaDeadLetter[]): Promise<void>;
}

/** The letters of one invocation as NDJSON, the payload in base64. */
export function deadLetterLines(letters: readonly LambdaDeadLetter[]): string {
  return letters
    .map(({ payload, ...rest }) => {
      const text = JSON.stringify({ ...rest, payload: Buffer.from(payload).toString("base64") });
      return `${text}\n`;
    })
    .join("");
}
