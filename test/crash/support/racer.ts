/**
 * A process that starts loaders on order. Each line on stdin is `<data directory> <epoch ms>`: at that moment it runs
 * the loader's supervisor there, and answers `running` or the code of the error. `stop` ends it; the answer is its exit code.
 */
import { createInterface } from "node:readline";
import { readConfig } from "../../../src/config/load.ts";
import { DockerloaderError } from "../../../src/errors.ts";
import { silentLogger } from "../../../src/log/logger.ts";
import { supervise, type Supervisor } from "../../../src/supervisor/run.ts";

const say = (text: string): void => void process.stdout.write(`${text}\n`);
let running: Supervisor | undefined;

function start(dataDir: string): void {
  const env = { ...process.env, DOCKERLOADER_DATA_DIR: dataDir };
  const { config } = readConfig(env);
  const options = { config, env, args: [], fetchCommand: ["false"], log: silentLogger, random: Math.random } as const;
  try {
    running = supervise(options);
    say("running");
  } catch (error) {
    say(error instanceof DockerloaderError ? `${error.code} ${error.exitCode}` : String(error));
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "stop") {
    running?.shutdown("SIGTERM");
    say(String(await running?.done));
    running = undefined;
    continue;
  }
  const [dataDir = "", at] = line.split(" ");
  while (performance.timeOrigin + performance.now() < Number(at));
  start(dataDir);
}
