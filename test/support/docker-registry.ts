import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface RegistryOptions {
  /** `ADDRESS:PORT`; by default a free port of loopback. */
  readonly host?: string;
  /** Where the blobs are; by default a directory of its own, which `stop` deletes. */
  readonly storage?: string;
  /** Parts of its configuration beside `log` and `storage`, e.g. `auth`, `proxy`; `http` is added to. */
  readonly config?: { readonly http?: object; readonly [section: string]: unknown };
}

/** One line of the registry's access log. */
export interface Logged {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Bytes of the body it sent. */
  readonly bytes: number;
}

/** Debian's registry on loopback. */
export interface Registry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly storage: string;
  /** What it was asked since the last call, in the order in which it finished, without this question itself. */
  readonly asked: () => Promise<Logged[]>;
  /** Ends the process like a crash does, or lets it finish; blobs stay. */
  readonly end: (signal: "SIGKILL" | "SIGTERM") => Promise<void>;
  /** Starts it again at the same address. */
  readonly begin: () => Promise<void>;
  /** Ends the process and deletes its storage unless that was given. */
  readonly stop: () => Promise<void>;
}

/** A port nobody listens on right now: the registry cannot tell which one it got from 0. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("the probe server has no port");
  return address.port;
}

const LINE = /^\S+ .*?\] "(\S+) (\S+) [^"]*" (\d+) (\d+)/gm;

/** Starts a registry; resolves when it listens. */
export async function startRegistry({ host, storage, config = {} }: RegistryOptions = {}): Promise<Registry> {
  const directory = await mkdtemp(join(tmpdir(), "dockerloader-registry-"));
  const address = host ?? `127.0.0.1:${await freePort()}`;
  const rootdirectory = storage ?? join(directory, "storage");
  const file = join(directory, "config.yml");
  const whole = {
    version: 0.1,
    log: { level: "info" },
    storage: { filesystem: { rootdirectory }, delete: { enabled: true } },
    ...config,
    http: { addr: address, ...config.http },
  };
  // YAML holds every JSON document.
  await writeFile(file, JSON.stringify(whole));
  let child: ChildProcess | undefined;
  let accessLog = "";
  let read = 0;

  const begin = async (): Promise<void> => {
    const process = spawn("docker-registry", ["serve", file], { stdio: ["ignore", "pipe", "pipe"] });
    child = process;
    process.stdout.setEncoding("utf8").on("data", (text: string) => (accessLog += text));
    await new Promise<void>((resolve, reject) => {
      let said = "";
      process.stderr.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (said.includes("listening on")) resolve();
      });
      process.once("error", reject);
      process.once("exit", (code) => reject(new Error(`docker-registry ended with ${code ?? "a signal"}\n${said}`)));
    });
  };
  const end: Registry["end"] = async (signal) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "close");
    child.kill(signal);
    await gone;
  };

  const scheme = config.http !== undefined && "tls" in config.http ? "https" : "http";
  const asked: Registry["asked"] = async () => {
    const mark = randomUUID();
    await knock(`${scheme}://${address}/v2/?${mark}`);
    while (!accessLog.includes(mark, read)) if (child?.stdout) await once(child.stdout, "data");
    const lines = [...accessLog.slice(read).matchAll(LINE)];
    read = accessLog.length;
    const all = lines.map(([, method = "", path = "", status, bytes]) => ({
      method,
      path,
      status: Number(status),
      bytes: Number(bytes),
    }));
    return all.filter(({ path }) => !path.includes(mark));
  };

  await begin();
  return {
    host: address,
    storage: rootdirectory,
    asked,
    end,
    begin,
    stop: async () => {
      await end("SIGTERM");
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Asks for something and reads the answer, whatever it is; whose certificate it shows does not matter here. */
async function knock(url: string): Promise<void> {
  const ask = url.startsWith("https:") ? httpsRequest(url, { rejectUnauthorized: false }) : httpRequest(url);
  const answered = once(ask.end(), "response");
  const [answer] = (await answered) as [NodeJS.ReadableStream];
  answer.resume();
  await once(answer, "end");
}
