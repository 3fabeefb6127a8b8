import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DockerloaderError, EXIT } from "../errors.ts";
import type { Command } from "./command.ts";

interface Args {
  readonly dir: string;
  readonly entrypoint: string;
  readonly envFile?: string;
  readonly platform?: string;
  readonly output?: string;
  readonly push?: string;
}

export const pack: Command<Args> = {
  command: "pack <dir>",
  describe: "make an image of a directory",
  positionals: { dir: { type: "string", demandOption: true, describe: "becomes the image's root" } },
  options: {
    entrypoint: { type: "string", demandOption: true, describe: "the program to start, a file of the directory" },
    "env-file": { type: "string", describe: "becomes /.env, in a layer of its own" },
    platform: { type: "string", describe: "e.g. linux/arm64; default: this machine" },
    output: { type: "string", alias: "o", describe: "an OCI image layout: oci:PATH[:TAG]" },
    push: { type: "string", describe: "push to a registry, e.g. registry.example.com/app:1" },
  },
  examples: [
    ["pack ./app --entrypoint server -o oci:./image:1", "the same files make the same digest"],
    ["pack ./app --entrypoint server --push registry.example.com/app:1", "straight to a registry"],
  ],
  run: async (args, { env, config }) => {
    const [{ packImage }, { missingLibraries }, { hostPlatform, parsePlatform }] = await Promise.all([
      import("../pack/image.ts"),
      import("../pack/missing.ts"),
      import("../registry/platform.ts"),
    ]);
    const { output, push, envFile } = args;
    if ((output === undefined) === (push === undefined)) {
      throw new DockerloaderError("USAGE", "pack needs either --output or --push", { hint: "see its --help" });
    }
    const directory = resolve(args.dir);
    const input = {
      directory,
      entrypoint: args.entrypoint,
      ...(envFile === undefined ? {} : { envFile }),
      platform: args.platform === undefined ? hostPlatform() : parsePlatform(args.platform),
    };
    const onWarning = (message: string): void => void process.stderr.write(`warning: ${message}\n`);
    if (output !== undefined) {
      const { path, tag } = parseOutput(output);
      const { digest } = await packImage(input, path, tag);
      missingLibraries(directory).forEach(onWarning);
      process.stdout.write(`${digest}\n`);
      return EXIT.ok;
    }
    const [{ pushImage }, { parseReference }] = await Promise.all([
      import("../pack/push.ts"),
      import("../registry/reference.ts"),
    ]);
    const reference = parseReference(push ?? "");
    const settings = config();
    const temporary = mkdtempSync(join(tmpdir(), "dockerloader-pack-"));
    try {
      const image = await packImage(input, temporary, "latest");
      missingLibraries(directory).forEach(onWarning);
      const signal = new AbortController().signal;
      await pushImage(temporary, image, reference, { env, settings, onWarning, signal });
      process.stdout.write(`${image.digest}\n`);
      return EXIT.ok;
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  },
};

/** `oci:PATH[:TAG]`, as skopeo and umoci write it. */
function parseOutput(output: string): { path: string; tag: string } {
  const match = /^oci:([^:]+)(?::([\w][\w.-]{0,127}))?$/.exec(output);
  if (match?.[1] === undefined) {
    throw new DockerloaderError("USAGE", `--output ${JSON.stringify(output)} is not oci:PATH or oci:PATH:TAG`);
  }
  return { path: resolve(match[1]), tag: match[2] ?? "latest" };
}
