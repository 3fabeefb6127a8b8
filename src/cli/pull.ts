import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { DockerloaderError, EXIT } from "../errors.ts";
import type { Command } from "./command.ts";

export const pull: Command<{ ref: string; output: string }> = {
  command: "pull <ref>",
  describe: "download and unpack an image",
  positionals: {
    ref: { type: "string", demandOption: true, describe: "the image, e.g. registry.example.com/app:1" },
  },
  options: {
    output: { type: "string", demandOption: true, alias: "o", describe: "a directory that is new or empty" },
  },
  examples: [["pull registry.example.com/app:1 -o ./app", "the files of an image, as they would run"]],
  run: async ({ ref, output }, { env, config, log }) => {
    const { pullInto } = await import("../pull/pull-into.ts");
    const directory = resolve(output);
    const created = prepare(directory);
    try {
      const digest = await pullInto(ref, directory, {
        config: config(),
        env,
        log: log("data"),
        signal: new AbortController().signal,
      });
      process.stdout.write(`${digest}\n`);
      return EXIT.ok;
    } catch (error) {
      for (const name of readdirSync(directory)) rmSync(`${directory}/${name}`, { recursive: true, force: true });
      if (created) rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  },
};

/** Makes the directory. True: it did not exist before. */
function prepare(directory: string): boolean {
  const created = mkdirSync(directory, { recursive: true }) !== undefined;
  if (readdirSync(directory).length > 0) {
    throw new DockerloaderError("USAGE", `${directory} is not empty`, { hint: "name a new or an empty directory" });
  }
  return created;
}
