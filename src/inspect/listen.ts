import type { Server } from "node:http";
import { DockerloaderError } from "../errors.ts";
import { errnoOf } from "../store/fs.ts";

export interface Listening {
  readonly port: number;
  /** Ends all connections. */
  readonly close: () => Promise<void>;
}

/** Most open connections of one server: a few people look, not a crowd. */
const CONNECTIONS = 64;

/** Starts a server or rejects with a sentence that names the address. */
export function listen(server: Server, host: string, port: number): Promise<Listening> {
  server.maxConnections = CONNECTIONS;
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const errno = errnoOf(error) ?? "unknown error";
      reject(
        new DockerloaderError("ADDRESS_UNUSABLE", `cannot listen on ${host}:${port}: ${errno}`, {
          cause: error,
          hint:
            errno === "EADDRINUSE"
              ? "another process has this port: name another one"
              : "name an address of this machine",
        }),
      );
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve({
        port: typeof address === "object" && address !== null ? address.port : port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
}
