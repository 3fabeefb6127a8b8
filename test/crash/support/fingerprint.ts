import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** Reports for people, which nothing is decided from. */
const REPORTS =
  /\/(status\.json|last-check\.json|sighting\.json|steadiness\.json|events\.jsonl(\.1)?|history\.jsonl(\.1)?)$/;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
const NUMBER_OF_PROCESS = /"pid":\d+/g;

/** What an inventory of a tree knows it by: the moments in which its directories were complete, in milliseconds, and its files' inodes. */
const MOMENT = /\b\d{13}(\.\d+)?\b/g;
const INODE = /(?<=,)\d+(?=,"[0-9a-f]{64}")/g;

const anonymous = (text: string): string =>
  text.replace(UUID, "<uuid>").replace(TIME, "<time>").replace(NUMBER_OF_PROCESS, '"pid":0');

/**
 * One hash for everything on a volume that can decide anything: names, kinds, modes, contents and links. Random names,
 * times and process numbers do not count: two volumes with one fingerprint boot in the same way. Of a moment and of an
 * inode in an inventory it counts only whether anything on the volume has it, which is all that they are compared with.
 */
export function fingerprint(root: string): string {
  const hash = createHash("sha256");
  const here = new Set<string>();
  const contents: string[] = [];
  const walk = (path: string): void => {
    for (const name of readdirSync(path).sort((a, b) => anonymous(a).localeCompare(anonymous(b)))) {
      const full = join(path, name);
      if (REPORTS.test(full)) continue;
      const stat = lstatSync(full);
      here.add(String(stat.mtimeMs)).add(String(stat.ino));
      contents.push(`${anonymous(full.slice(root.length))} ${stat.mode.toString(8)}\n`);
      if (stat.isSymbolicLink()) contents.push(readlinkSync(full));
      else if (stat.isDirectory()) walk(full);
      else contents.push(anonymous(readFileSync(full, "latin1")));
    }
  };
  if (existsSync(root)) walk(root);
  const compared = (number: string): string => (here.has(number) ? "<here>" : "<nowhere>");
  for (const text of contents) hash.update(text.replace(MOMENT, compared).replace(INODE, compared));
  return hash.digest("hex");
}
