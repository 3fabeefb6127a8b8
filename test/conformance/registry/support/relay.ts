import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP relay in front of a server: it counts what comes back and can hold it at a byte. */
export interface Relay {
  readonly host: string;
  /** Lets so many further bytes come back, then none; resolves when they are through. */
  readonly holdAfter: (bytes: number) => Promise<void>;
  /** Breaks every connection and lets new ones pass freely. */
  readonly release: () => void;
  readonly stop: () => Promise<void>;
}

export async function startRelay(to: string): Promise<Relay> {
  const [address = "", port] = to.split(":");
  const sockets = new Set<Socket>();
  let allowed = Infinity;
  let held: (() => void) | undefined;

  const server = createServer((near) => {
    const far = connect(Number(port), address);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one
        .on("error", () => {})
        .once("close", () => {
          sockets.delete(one);
          other.destroy();
        });
    }
    near.pipe(far);
    far.on("data", (chunk: Buffer) => {
      const part = chunk.subarray(0, allowed);
      allowed -= part.length;
      if (!near.write(part)) {
        far.pause();
        near.once("drain", () => far.resume());
      }
      if (part.length === chunk.length) return;
      far.pause();
      near.removeAllListeners("drain");
      near.write("", () => held?.());
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const release = (): void => {
    allowed = Infinity;
    for (const socket of sockets) socket.destroy();
  };
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    holdAfter: (bytes) => {
      allowed = bytes;
      return new Promise((resolve) => (held = resolve));
    },
    release,
    stop: async () => {
      server.close();
      release();
      await once(server, "close");
    },
  };
}
