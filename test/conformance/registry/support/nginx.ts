import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** One request as nginx saw it. */
export interface Seen {
  readonly server: string;
  readonly uri: string;
  readonly status: number;
  readonly authorization: string;
  readonly cookie: string;
}

/** nginx on loopback. */
export interface Nginx {
  /** Everything it was asked so far, once there are at least so many requests. */
  readonly seen: (atLeast: number) => Promise<Seen[]>;
  readonly stop: () => Promise<void>;
}

const LOOKS = 250;
const LOOK_MS = 20;

/** Starts nginx with these `server` blocks; resolves when it answers on the port. */
export async function startNginx(servers: string, port: number): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), "dockerloader-nginx-"));
  const log = join(folder, "access.log");
  const fields = ["$server_port", "$request_uri", "$status", "$http_authorization", "$http_cookie"];
  await writeFile(
    join(folder, "nginx.conf"),
    `daemon off; user root; worker_processes 1; pid ${folder}/pid; error_log stderr;
    events {}
    http {
      log_format seen escape=json '[${fields.map((field) => `"${field}"`).join(",")}]';
      access_log ${log} seen;
      client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
      client_max_body_size 0; proxy_http_version 1.1; proxy_set_header Host $http_host;
      ${servers}
    }`,
  );
  const child = spawn("nginx", ["-p", folder, "-c", join(folder, "nginx.conf")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(child, "close");
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  for (let look = 0; !(await answers(port)); look += 1) {
    if (look === LOOKS || child.exitCode !== null) throw new Error(`nginx does not listen on ${port}\n${said}`);
    await delay(LOOK_MS);
  }
  return {
    seen: async (atLeast) => {
      let lines: string[] = [];
      for (let look = 0; lines.length < atLeast && look < LOOKS; look += 1) {
        if (look > 0) await delay(LOOK_MS);
        lines = (await readFile(log, "utf8")).split("\n").filter((line) => line !== "");
      }
      return lines.map((line) => {
        const [server = "", uri = "", status, authorization = "", cookie = ""] = JSON.parse(line) as string[];
        return { server, uri, status: Number(status), authorization, cookie };
      });
    },
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
