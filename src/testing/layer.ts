import { buffer } from "node:stream/consumers";
import tarFs, { type PackOptions } from "tar-fs";
import tarStream, { type Pack } from "tar-stream";

/** One entry of a layer. Defaults: a file, mode 0644 (0755 for directories and the name `entrypoint`, 0777 for symlinks), time 0. */
export interface FileSpec {
  readonly content?: string | Buffer;
  readonly mode?: number;
  readonly type?: "file" | "directory" | "symlink" | "link";
  readonly linkname?: string;
  readonly mtime?: Date;
}

/** What a layer is made of: named entries, a directory on disk, or the bytes of a tar archive as they are. */
export type LayerInput =
  | { readonly files: Readonly<Record<string, string | Buffer | FileSpec>> }
  | { readonly directory: string }
  | { readonly tar: Buffer };

const EPOCH = new Date(0);

/**
 * Packs a layer. Reproducible: sorted, owner 0:0, fixed times; the same input gives the same bytes.
 * Rejects with the error of the file system when a directory cannot be read.
 */
export async function packLayer(input: LayerInput): Promise<Buffer> {
  if ("tar" in input) return input.tar;
  if ("files" in input) return packFiles(input.files);
  const options: PackOptions & { readonly sort: boolean; readonly umask: number } = {
    sort: true,
    umask: 0,
    map: (header) => ({ ...header, mode: modeOf(header), uid: 0, gid: 0, mtime: EPOCH, uname: "", gname: "" }),
  };
  return buffer(tarFs.pack(input.directory, options));
}

/** The directory itself becomes the image's root: the private mode of a temporary directory must not travel with it. */
function modeOf({ name, mode = 0o644 }: { readonly name: string; readonly mode?: number | undefined }): number {
  return name === "." ? 0o755 : mode & 0o7777;
}

async function packFiles(files: Readonly<Record<string, string | Buffer | FileSpec>>): Promise<Buffer> {
  const pack = tarStream.pack();
  const bytes = buffer(pack);
  const specs = Object.entries(files).map(([name, value]) => ({ name, spec: specOf(value) }));
  for (const { name, spec } of specs.sort(byOrder)) await addEntry(pack, name, spec);
  pack.finalize();
  return bytes;
}

const specOf = (value: string | Buffer | FileSpec): FileSpec =>
  typeof value === "string" || Buffer.isBuffer(value) ? { content: value } : value;

interface Named {
  readonly name: string;
  readonly spec: FileSpec;
}

/** By name, hard links last: a hard link can only be made to a file that is there already. */
function byOrder(one: Named, other: Named): number {
  const later = Number(one.spec.type === "link") - Number(other.spec.type === "link");
  return later || (one.name < other.name ? -1 : 1);
}

function headerOf(name: string, { mode, type = "file", linkname, mtime = EPOCH }: FileSpec) {
  const executable = type === "directory" || name.split("/").at(-1) === "entrypoint";
  const usual = type === "symlink" ? 0o777 : executable ? 0o755 : 0o644;
  return {
    name,
    type,
    mode: mode ?? usual,
    mtime,
    uid: 0,
    gid: 0,
    ...(linkname === undefined ? {} : { linkname }),
  };
}

function addEntry(pack: Pack, name: string, spec: FileSpec): Promise<void> {
  const header = headerOf(name, spec);
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null): void => (error ? reject(error) : resolve());
    if (header.type === "file") pack.entry(header, spec.content ?? "", done);
    else pack.entry(header, done);
  });
}
