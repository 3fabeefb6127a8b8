import { readdirSync, readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { inspect } from "node:util";

/** Secrets by name, to be looked for wherever they must not be. */
export type Secrets = Readonly<Record<string, string>>;

/** What of a secret can be seen in a base64 text that holds it somewhere, for each of the three ways it may lie there. */
function base64Parts(secret: string): string[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]).toString("base64");
    // Characters that share bits with what stands before or behind.
    const from = Math.ceil((offset * 8) / 6);
    return text.slice(from, Math.floor(((offset + secret.length) * 8) / 6));
  });
}

/** The ways in which a secret may be written down. */
function formsOf(secret: string): string[] {
  const plain = base64Parts(secret);
  const forms = [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString("hex"),
  ];
  return [...forms, ...plain, ...plain.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"))];
}

/** The names of the secrets that a text holds, in clear, encoded, or inside of something encoded. */
export function secretsIn(text: string, secrets: Secrets): string[] {
  return Object.keys(secrets).filter((name) => formsOf(secrets[name] ?? "").some((form) => text.includes(form)));
}

/** Everything that anybody could print of an error: also what is not enumerable, and all its causes. */
export function everythingOf(error: unknown): string {
  const all = { depth: null, showHidden: true, maxStringLength: null, maxArrayLength: null } as const;
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return [JSON.stringify(error), inspect(error, all), inspect(error), String(error), stack].join("\n");
}

/** The content and the names of all files below a directory, as one text. */
export function filesBelow(directory: string): string {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return `${path}\n${entry.isFile() ? readFileSync(path, "latin1") : ""}`;
    })
    .join("\n");
}

/** A relay in front of a server that keeps what clients send through it. */
export interface Wiretap extends AsyncDisposable {
  readonly host: string;
  readonly heard: () => string;
}

export async function startWiretap(target: string): Promise<Wiretap> {
  const { hostname, port } = new URL(`tcp://${target}`);
  const open = new Set<Socket>();
  const heard: Buffer[] = [];
  const server = createServer((client) => {
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
    client.on("data", (chunk) => heard.push(chunk));
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard: () => Buffer.concat(heard).toString("latin1"),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
