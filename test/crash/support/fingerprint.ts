import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** Reports for people, which nothing is decided from. */
const REPORTS =
  /\/(status\.json|last-check\.json|sighting\.json|steadiness\.json|events\.jsonl(\.1)?|history\.jsonl(\.1)?)$/;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
const NUMBER_OF_PROCESS = /"pid":\d+/g;

const anonymous = (text: string): string =>
  text.replace(UUID, "<uuid>").replace(TIME, "<time>").replace(NUMBER_OF_PROCESS, '"pid":0');

/**
 * One hash for everything on a volume that can decide anything: names, kinds, modes, contents and links. Random names,
 * times and process numbers do not count: two volumes with one fingerprint boot in the same way.
 */
export function fingerprint(root: string): string {
  const hash = createHash("sha256");
  const walk = (path: string): void => {
    for (const name of readdirSync(path).sort((a, b) => anonymous(a).localeCompare(anonymous(b)))) {
      const full = join(path, name);
      if (REPORTS.test(full)) continue;
      const stat = lstatSync(full);
      hash.update(`${anonymous(full.slice(root.length))} ${stat.mode.toString(8)}\n`);
      if (stat.isSymbolicLink()) hash.update(readlinkSync(full));
      else if (stat.isDirectory()) walk(full);
      else hash.update(anonymous(readFileSync(full, "latin1")));
    }
  };
  if (existsSync(root)) walk(root);
  return hash.digest("hex");
}
