import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A server that listens on loopback. */
export interface LoopbackServer {
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** Ends what is under way too. */
  readonly stop: () => Promise<void>;
}

/** Lets a server listen on a free port of loopback. */
export async function listenOnLoopback(server: Server): Promise<LoopbackServer> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    endpoint: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => {
          if (error === undefined || error === null) resolve();
          else reject(error);
        });
        server.closeAllConnections();
      }),
  };
}
