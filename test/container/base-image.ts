/**
 * Makes the local stand-in of docker.io/library/node:24-bookworm-slim on a machine that reaches a Debian mirror but no
 * registry: `node test/container/base-image.ts`. Debian's smallest root (made by debootstrap from the machine's own
 * mirror), tini, CA certificates, the Node of this project and the machine's npm. The root is kept as a tar file.
 */
import { existsSync } from "node:fs";
import { copyFile, cp, mkdir, mkdtemp, readFile, realpath, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must } from "./support/command.ts";
import { findProgram } from "../support/preconditions.ts";
import { CACHE, type Engine, openEngine } from "./support/engine.ts";

const SUITE = "bookworm";
const TAR = join(CACHE, `${SUITE}-minbase.tar`);
const NOT_NEEDED = [
  "usr/share/doc",
  "usr/share/man",
  "usr/share/locale",
  "usr/share/info",
  "var/cache",
  "var/lib/apt/lists",
];
const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
export const BASE_IMAGE = "localhost/dockerloader-node:24";

/** The mirror this machine's own apt uses; Debian's when its sources name none. */
export async function aptMirror(): Promise<string> {
  for (const file of ["/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"]) {
    const text = await readFile(file, "utf8").catch(() => "");
    const mirror = /^(?:URIs:|deb(?:\s+\[[^\]]*\])?)\s+(https?:\/\/\S+)/m.exec(text)?.[1];
    if (mirror !== undefined) return mirror;
  }
  return "http://deb.debian.org/debian";
}

async function inTemp<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "dockerloader-base-"));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The Debian root as a tar file, made once. */
export async function debianRoot(): Promise<string> {
  if (existsSync(TAR)) return TAR;
  await mkdir(CACHE, { recursive: true });
  await inTemp(async (directory) => {
    await must("debootstrap", [
      "--variant=minbase",
      "--include=ca-certificates,tini",
      SUITE,
      directory,
      await aptMirror(),
    ]);
    for (const path of NOT_NEEDED) await rm(join(directory, path), { recursive: true, force: true });
    await mkdir(join(directory, "var/cache/apt/archives/partial"), { recursive: true });
    await mkdir(join(directory, "var/lib/apt/lists/partial"), { recursive: true });
    await must("tar", ["-C", directory, "--numeric-owner", "--exclude=./dev/*", "-cf", `${TAR}.tmp`, "."]);
    await rename(`${TAR}.tmp`, TAR);
  });
  return TAR;
}

/** Node and npm where the real image has them. */
async function layNode(directory: string): Promise<void> {
  await mkdir(join(directory, "bin"), { recursive: true });
  await copyFile(await realpath(process.execPath), join(directory, "bin/node"));
  // The command is a link to bin/npm-cli.js of the package.
  const npm = join(await realpath(findProgram("npm") ?? "npm"), "../..");
  await cp(npm, join(directory, "lib/node_modules/npm"), { recursive: true });
  for (const name of ["npm", "npx"]) {
    await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(directory, "bin", name));
  }
}

/** Makes the image unless this storage has it with the same Node; its name. */
export async function ensureBaseImage(engine: Engine): Promise<string> {
  const inspect = ["image", "inspect", "--format", '{{index .Labels "node"}}', BASE_IMAGE];
  const found = await engine.podman(inspect);
  if (found.code === 0 && found.out.trim() === process.version) return BASE_IMAGE;
  const root = await debianRoot();
  const container = await engine.buildah(["from", "scratch"]);
  try {
    await engine.buildah(["add", "--quiet", container, root, "/"]);
    await inTemp(async (directory) => {
      await layNode(directory);
      await engine.buildah(["add", "--quiet", container, directory, "/usr/local"]);
    });
    await engine.buildah(["config", "--env", PATH, "--label", `node=${process.version}`, "--cmd", "node", container]);
    await engine.buildah(["commit", "--quiet", container, BASE_IMAGE]);
  } finally {
    await engine.buildah(["rm", container]);
  }
  return BASE_IMAGE;
}

if (import.meta.main) {
  const engine = await openEngine();
  console.log(await ensureBaseImage(engine));
}
