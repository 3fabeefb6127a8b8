import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import type { Environment } from "../config/load.ts";
import type { Config } from "../config/table.ts";
import { DockerloaderError, EXIT } from "../errors.ts";
import type { Logger } from "../log/logger.ts";
import { quietly } from "../log/quiet.ts";
import { type Command, type CommandContext, JSON_OPTION, printJson } from "./command.ts";

interface Arguments {
  readonly ref: string;
  readonly output: string;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly authFile?: string;
}

export const pull: Command<Arguments> = {
  command: "pull <ref>",
  describe: "download and unpack an image",
  positionals: {
    ref: { type: "string", demandOption: true, describe: "image, or oci:DIR, oci-archive:FILE, docker-archive:FILE" },
  },
  options: {
    ...JSON_OPTION,
    output: { type: "string", demandOption: true, alias: "o", describe: "a directory that is new or empty" },
    "auth-file": { type: "string", describe: "take credentials from this file and from nowhere else" },
    quiet: { type: "boolean", default: false, alias: "q", describe: "no progress, only warnings and errors" },
  },
  examples: [
    ["pull registry.example.com/app:1 -o ./app", "the files of an image, as they would run"],
    ["pull oci-archive:app.tar -o ./app", "the same without a registry"],
  ],
  run: async ({ ref, output, json, quiet, authFile }, context) => {
    const { pullInto } = await import("../pull/pull-into.ts");
    const { log } = context;
    const { settings, env } = withCredentials(context, authFile);
    const directory = resolve(output);
    const created = prepare(directory);
    const stop = new AbortController();
    // Listeners that stay: what gives the terminal its cursor back ends the process when it finds itself the last one.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop.abort());
    const said = await reporter(log("data"), env, quiet);
    try {
      const digest = await pullInto(ref, directory, { config: settings, env, log: said, signal: stop.signal });
      said.end();
      if (json) printJson({ digest, output: directory });
      else process.stdout.write(`${digest}\n`);
      return EXIT.ok;
    } catch (error) {
      said.end();
      for (const name of readdirSync(directory)) rmSync(`${directory}/${name}`, { recursive: true, force: true });
      if (created) rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  },
};

/** A file that is named on the command line counts alone. There is no option for a password: everybody here could read it. */
function withCredentials(
  { env, config }: CommandContext,
  file: string | undefined,
): { settings: Config; env: Environment } {
  if (file === undefined) return { settings: config(), env };
  const { DOCKERLOADER_USERNAME: _, DOCKER_AUTH_CONFIG: __, ...rest } = env;
  return { settings: { ...config(), authFile: resolve(file) }, env: rest };
}

/** Bars where somebody looks, else lines. */
async function reporter(log: Logger, env: Environment, quiet: boolean): Promise<Logger & { readonly end: () => void }> {
  const plain = { ...(quiet ? quietly(log) : log), end: () => {} };
  if (quiet || !process.stderr.isTTY) return plain;
  const { canDraw, createBars } = await import("./bars.ts");
  return canDraw(process.stderr, env) ? createBars(process.stderr, log) : plain;
}

/** Makes the directory. True: it did not exist before. */
function prepare(directory: string): boolean {
  const created = mkdirSync(directory, { recursive: true }) !== undefined;
  if (readdirSync(directory).length > 0) {
    throw new DockerloaderError("USAGE", `${directory} is not empty`, { hint: "name a new or an empty directory" });
  }
  return created;
}
