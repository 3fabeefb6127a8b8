import fs from "node:fs";
import { setImmediate } from "node:timers/promises";

const ENTRIES_PER_TURN = 256;

/**
 * A second reference to a tree: directories are made anew, everything else is hard-linked (links themselves, never
 * what they point to), so it costs no content. Yields to the event loop: it runs while the old version serves.
 * `to` must not exist; the caller publishes it by rename and removes it on failure.
 */
export async function cloneTree(from: string, to: string): Promise<void> {
  let turn = 0;
  const walk = async (source: Buffer, target: Buffer): Promise<void> => {
    const stat = fs.lstatSync(source);
    fs.mkdirSync(target, { mode: 0o700 });
    for (const entry of fs.readdirSync(source, { withFileTypes: true, encoding: "buffer" })) {
      const name = Buffer.concat([Buffer.from("/"), entry.name]);
      const child = Buffer.concat([source, name]);
      const copy = Buffer.concat([target, name]);
      if (entry.isDirectory()) await walk(child, copy);
      else fs.linkSync(child, copy);
      turn += 1;
      if (turn % ENTRIES_PER_TURN === 0) await setImmediate();
    }
    if (process.getuid?.() === 0) fs.chownSync(target, stat.uid, stat.gid);
    fs.chmodSync(target, stat.mode & 0o7777);
    fs.utimesSync(target, stat.atime, stat.mtime);
  };
  await walk(Buffer.from(from), Buffer.from(to));
}
