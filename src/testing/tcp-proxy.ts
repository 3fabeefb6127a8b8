import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** What happens to one connection. Bytes are counted from the server to the client. */
export type ConnectionFault =
  /** A TCP reset after this many bytes. */
  | { readonly kind: "reset"; readonly afterBytes: number }
  /** A proper end after this many bytes. */
  | { readonly kind: "end"; readonly afterBytes: number }
  /** Nothing more after this many bytes, on an open connection. */
  | { readonly kind: "freeze"; readonly afterBytes: number }
  /** One bit of this byte is another. */
  | { readonly kind: "flip"; readonly atByte: number };

/** A proxy on loopback in front of a server, for faults below HTTP. */
export interface TcpProxy extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Connections so far. */
  readonly connections: () => number;
  readonly stop: () => Promise<void>;
}

/** Asked at every connection, counted from 1. Undefined: it is let through. */
export type ConnectionPlan = (connection: number) => ConnectionFault | undefined;

/** Starts a proxy to `HOST:PORT`. Stop it, or hold it with `await using`. */
export async function startTcpProxy(target: string, plan: ConnectionPlan): Promise<TcpProxy> {
  const { hostname, port } = new URL(`tcp://${target}`);
  const open = new Set<Socket>();
  let count = 0;
  const server = createServer((client) => {
    count += 1;
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    relay(upstream, client, plan(count));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of open) socket.destroy();
    });
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => count,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function relay(from: Socket, to: Socket, fault: ConnectionFault | undefined): void {
  let passed = 0;
  from.on("data", (chunk: Buffer) => {
    const start = passed;
    passed += chunk.length;
    if (fault?.kind === "flip") {
      const at = fault.atByte - start;
      const byte = chunk[at];
      if (byte !== undefined) chunk[at] = byte ^ 1;
    } else if (fault !== undefined && passed >= fault.afterBytes) {
      const rest = chunk.subarray(0, Math.max(0, fault.afterBytes - start));
      from.removeAllListeners("data").resume();
      to.write(rest, () => {
        if (fault.kind === "reset") to.resetAndDestroy();
        else if (fault.kind === "end") to.destroySoon();
      });
      return;
    }
    if (!to.write(chunk)) {
      from.pause();
      to.once("drain", () => from.resume());
    }
  });
}
