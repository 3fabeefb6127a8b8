import { randomBytes } from "node:crypto";
import { chmod, chown, link, lutimes, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Looks for an update when it gets SIGUSR1; the loader passes that on. */
const APP = `#!/bin/sh
trap 'dockerloader check; [ $? = 42 ] && exit 42' USR1
trap 'exit 0' TERM
dockerloader ready
echo "serving $(cat "$(dirname "$(readlink -f "$0")")/version")"
while :; do sleep 60 & wait $!; done
`;

/** Whole seconds: what a layer of buildah keeps of a time. */
const LONG_AGO = 981_173_106;

/** Gives names a time each, children before parents. A file with its old time and size would be no change to buildah. */
export async function setTimes(root: string, names: readonly string[], from: number): Promise<void> {
  for (const name of names.toSorted().toReversed()) {
    const time = from + name.length;
    await lutimes(join(root, name), time, time);
  }
}

/** A first layer with one of everything that a root file system is made of. */
export async function fillFirst(root: string): Promise<void> {
  const at = (name: string): string => join(root, name);
  await mkdir(at("usr/lib/deep/er"), { recursive: true });
  await mkdir(at("var/replaced/inner"), { recursive: true });
  await mkdir(at("tmp"));
  await chmod(at("tmp"), 0o1777);
  await writeFile(at("entrypoint"), APP, { mode: 0o755 });
  await writeFile(at("version"), "1\n");
  await writeFile(at("usr/lib/deep/er/random"), randomBytes(2_000_000), { mode: 0o600 });
  await writeFile(at("usr/lib/zeros"), Buffer.alloc(300_000));
  await writeFile(at("usr/lib/empty"), "");
  await writeFile(at("usr/lib/naïve – 名前"), "a name that is not ASCII");
  await writeFile(at(`usr/lib/${"long".repeat(60)}`), "a name that needs an extended header");
  await writeFile(at("usr/lib/setuid"), "#!/bin/sh\n");
  await chown(at("usr/lib/setuid"), 1000, 2000);
  await chmod(at("usr/lib/setuid"), 0o4755);
  await writeFile(at("var/removed"), "the next layer takes this away");
  await writeFile(at("var/replaced/inner/file"), "and this, with its directory");
  await link(at("usr/lib/zeros"), at("usr/lib/deep/zeros-too"));
  await symlink("usr/lib", at("lib"));
  await symlink("/usr/lib/absolute", at("dangling"));
  await symlink("../var/removed", at("usr/up"));
  await setTimes(root, await readdir(root, { recursive: true }), LONG_AGO);
}

/** A layer over the first: removes, replaces and adds. Its version is what the app says. */
export function changeTo(version: number): (root: string) => Promise<void> {
  return async (root) => {
    const at = (name: string): string => join(root, name);
    await rm(at("var/removed"), { force: true });
    await rm(at("var/replaced"), { recursive: true });
    await writeFile(at("var/replaced"), "a file where a directory was");
    await rm(at("dangling"), { recursive: true });
    await mkdir(at("dangling"));
    await writeFile(at("dangling/file"), "a directory where a link was");
    await writeFile(at("version"), `${version}\n`);
    await writeFile(at("usr/lib/empty"), "no longer");
    const changed = ["var/replaced", "var", "dangling/file", "dangling", "version", "usr/lib/empty"];
    await setTimes(root, changed, LONG_AGO + version * 1000);
  };
}
