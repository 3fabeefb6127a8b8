import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * A command to put in front of another, under which these names stand for 127.0.0.1: a mount namespace with an /etc/hosts
 * of its own. Names are not loopback addresses to the loader: it speaks https to them.
 */
export async function withNames(folder: string, names: readonly string[]): Promise<readonly string[]> {
  const file = join(folder, "hosts");
  await writeFile(file, `127.0.0.1 localhost ${names.join(" ")}\n`);
  const script = 'mount --bind "$0" /etc/hosts && exec "$@"';
  return ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", script, file];
}
