import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

/** A TCP port on loopback that was free a moment ago, for servers that cannot be told to take any. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
