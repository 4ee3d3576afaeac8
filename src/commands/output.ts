import { finished, type Writable } from "node:stream";

/**
 * Writes text and waits until the stream has taken it, so that a slow reader slows the writer down. Resolves without
 * having written when the reader has gone; that the command should stop then is said by `context.signal`.
 */
export async function writeText(stream: Writable, text: string): Promise<void> {
  if (stream.destroyed || !stream.writable) return;
  await new Promise<void>((resolve) => {
    const stopWatching = finished(stream, { readable: false }, () => resolve());
    stream.write(text, () => {
      stopWatching();
      resolve();
    });
  });
}
