import { type Layout, layoutOf } from "../layout.ts";
import { createDurable } from "./durable.ts";
import { errnoOf, type FileSystem } from "./fs.ts";
import { createLinks, type Links } from "./links.ts";
import { nodeFileSystem } from "./node-fs.ts";
import { statIfPresent } from "./reads.ts";

/** Read, write and search permission (access(2)). */
const ALL_ACCESS = 7;

/** True when this name exists, whatever it points to. */
export function dataDirHolds(path: string, fs: FileSystem = nodeFileSystem): boolean {
  return statIfPresent(fs, path) !== undefined;
}

/**
 * Why a data directory cannot be used, as one sentence for the list of configuration faults. Undefined: it can. A
 * read-only one can, when there is a version on it.
 */
export function dataDirFault(dataDir: string, fs: FileSystem = nodeFileSystem): string | undefined {
  const name = `DOCKERLOADER_DATA_DIR=${JSON.stringify(dataDir)}`;
  const parent = dataDir.replace(/\/+[^/]+\/*$/, "") || "/";
  const present = fs.lstatSync(dataDir, { throwIfNoEntry: false });
  if (present !== undefined && !present.isDirectory()) return `${name} is not a directory`;
  const checked = present === undefined ? parent : dataDir;
  try {
    fs.accessSync(checked, ALL_ACCESS);
    return undefined;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") {
      return `missing ${parent} directory; make sure it is mounted as a volume (docker run -v app-data:${parent}), or set DOCKERLOADER_DATA_DIR`;
    }
    if (errno === "EROFS" && dataDirHolds(layoutOf(dataDir).entrypoint, fs)) return undefined;
    const uid = process.getuid?.() ?? 0;
    return `${name}: ${checked} is not writable by user ${uid} (${errno ?? "unknown error"}); change its owner or mount it read-write`;
  }
}

/** Why nothing can be written to a data directory that is there: it is mounted read-only. */
export function writeFault(dataDir: string, fs: FileSystem = nodeFileSystem): string | undefined {
  try {
    fs.accessSync(dataDir, ALL_ACCESS);
    return undefined;
  } catch (error) {
    return errnoOf(error) === "EROFS" ? `${dataDir} is mounted read-only` : undefined;
  }
}

/** The links of a data directory, to look at without creating anything. */
export function readLinks(layout: Layout, fs: FileSystem = nodeFileSystem): Pick<Links, "read" | "digest"> {
  return createLinks(layout, fs, createDurable(fs));
}

/** True when a data directory holds neither a stable nor a staged version. Creates nothing. */
export function nothingOnDisk(layout: Layout, fs: FileSystem = nodeFileSystem): boolean {
  return [layout.entrypoint, layout.attempt].every((path) => !dataDirHolds(path, fs));
}
