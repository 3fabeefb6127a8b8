import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBaseImage } from "../base-image.ts";
import { must } from "./command.ts";
import type { Engine } from "./engine.ts";

export const LOADER_IMAGE = "localhost/dockerloader:test";
const PROJECT = join(import.meta.dirname, "../../..");

async function npmSetting(name: string): Promise<string | undefined> {
  const value = await must("npm", ["config", "get", name], { cwd: tmpdir() });
  return value === "null" || value === "undefined" || value === "" ? undefined : value;
}

/** This machine's way to the npm registry, as build secrets: its registry, credentials and certificates stay out of the image. */
async function npmSecrets(directory: string): Promise<string[]> {
  const own = await readFile((await npmSetting("userconfig")) ?? "", "utf8").catch(() => "");
  const npmrc = join(directory, "npmrc");
  await writeFile(npmrc, `${own}\nregistry=${(await npmSetting("registry")) ?? ""}\n`, { mode: 0o600 });
  const certificates = (await npmSetting("cafile")) ?? process.env["NODE_EXTRA_CA_CERTS"];
  const secrets = ["--secret", `id=npmrc,src=${npmrc}`];
  if (certificates !== undefined && existsSync(certificates)) secrets.push("--secret", `id=ca,src=${certificates}`);
  return secrets;
}

/** Builds the loader's image from our Dockerfile, with every layer that has not changed taken from the last build. Images of older builds are forgotten. */
export async function buildLoaderImage(engine: Engine): Promise<string> {
  const base = await ensureBaseImage(engine);
  const directory = await mkdtemp(join(tmpdir(), "dockerloader-build-"));
  try {
    const secrets = await npmSecrets(directory);
    const options = [
      "--layers",
      "--format",
      "docker",
      "--network",
      "host",
      "--pull-never",
      "--build-arg",
      `NODE_IMAGE=${base}`,
    ];
    await engine.buildah(["build", ...options, ...secrets, "--tag", LOADER_IMAGE, PROJECT]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  await engine.mustPodman(["image", "prune", "--force", "--filter", "until=24h"]);
  return LOADER_IMAGE;
}
