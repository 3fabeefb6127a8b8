import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";

export interface DescribeOptions {
  /** Default: true. */
  readonly owners?: boolean;
  /** Count the names that files have anywhere, not only in this tree. Default: false. */
  readonly outside?: boolean;
}

interface Found {
  readonly path: Buffer;
  readonly name: string;
  readonly stat: Stats;
}

function* walk(path: Buffer, name: string): Generator<Found> {
  const stat = lstatSync(path);
  yield { path, name, stat };
  if (!stat.isDirectory()) return;
  for (const child of readdirSync(path, { encoding: "buffer" }).sort((a, b) => a.compare(b))) {
    yield* walk(Buffer.concat([path, Buffer.from("/"), child]), `${name}/${child.toString("latin1")}`);
  }
}

function contentOf({ path, stat }: Found): string {
  if (stat.isSymbolicLink()) return `-> ${readlinkSync(path, { encoding: "buffer" }).toString("latin1")}`;
  return stat.isFile() ? createHash("sha1").update(readFileSync(path)).digest("hex") : "";
}

/** What no entry describes has the time of unpacking. */
const timeOf = ({ mtimeMs }: Stats): string =>
  Date.now() - mtimeMs < 3_600_000 ? "now" : String(Math.round(mtimeMs * 1000));

/**
 * A tree, one line for each path: type and mode, owner, time in microseconds, size, number of names and the first of them, link
 * target or hash of the content. Equal for two trees that nobody can tell apart.
 */
export function described(root: string, { owners = true, outside = false }: DescribeOptions = {}): string[] {
  const all = [...walk(Buffer.from(root), "")];
  const names = Map.groupBy(all, ({ stat }) => stat.ino);
  return all.map((found) => {
    const { name, stat } = found;
    const mine = names.get(stat.ino) ?? [];
    const links = outside ? stat.nlink : mine.length;
    const file = stat.isDirectory() ? "" : `${stat.size} x${links} ${mine.length > 1 ? mine[0]?.name : ""}`;
    const owner = owners ? `${stat.uid}:${stat.gid}` : "";
    return [JSON.stringify(name), stat.mode.toString(8), owner, timeOf(stat), file, contentOf(found)].join(" ");
  });
}
