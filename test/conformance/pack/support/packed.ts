import { randomBytes } from "node:crypto";
import { chmod, link, lutimes, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compare, type Difference, type Facts, type Tree, treeOf } from "../../layers/support/trees.ts";

const LONG = "long".repeat(50);
const LONG_AGO_SECS = 981_173_106;

/** An app with one of everything that can be packed, under modes and times that no image is to have. */
export async function fillApp(root: string): Promise<void> {
  const at = (name: string): string => join(root, name);
  await mkdir(at(`lib/${LONG}/${LONG}`), { recursive: true });
  await mkdir(at("empty"), { mode: 0o700 });
  await writeFile(at("server"), "#!/bin/sh\necho served\n", { mode: 0o750 });
  await writeFile(at("lib/random"), randomBytes(3_000_000), { mode: 0o600 });
  await writeFile(at("lib/empty"), "");
  await writeFile(at("lib/group-writable"), "1", { mode: 0o664 });
  await writeFile(at("lib/setuid"), "2");
  await chmod(at("lib/setuid"), 0o4711);
  await writeFile(at("lib/naïve – 名前\n"), "no ASCII, and a line break");
  await writeFile(at(`lib/${LONG}/${LONG}/deep`), "beyond what a header holds");
  await link(at("lib/random"), at("lib/random-too"));
  await symlink("lib/random", at("relative"));
  await symlink("/etc/passwd", at("absolute"));
  await symlink(`../${LONG}/${LONG}/nowhere`, at("dangling"));
  for (const name of await readdir(root, { recursive: true })) await lutimes(at(name), LONG_AGO_SECS, LONG_AGO_SECS);
}

/** What an image of a directory is documented to hold: owner 0, time 0, 0755 or 0644, each name a file of its own, and the link to the program. */
export function asPacked(directory: string, program: string): Tree {
  const found = new Map<string, Facts>();
  for (const [path, facts] of treeOf(directory)) {
    const executable = facts.type === "directory" || (Number.parseInt(facts.mode, 8) & 0o111) !== 0;
    const content = treeOf(directory).get(facts.same)?.content ?? "";
    const looks = { owner: "0:0", mtime: "0", same: path, content };
    const mode = facts.type === "symlink" ? "" : executable ? "755" : "644";
    found.set(path, { ...facts, ...looks, mode, links: facts.type === "directory" ? facts.links : "1" });
  }
  const toProgram = { type: "symlink", mode: "", size: String(program.length), content: "", target: program };
  found.set("entrypoint", { ...toProgram, owner: "0:0", mtime: "0", links: "1", same: "entrypoint" });
  return found;
}

/** Where a tree differs from what was packed. Of the root itself only the unpacker decides. */
export const differences = (root: string, expected: Tree): Difference[] =>
  compare(treeOf(root), expected).filter(({ path }) => path !== "");
