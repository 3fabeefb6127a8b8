import { buffer } from "node:stream/consumers";
import tarFs, { type PackOptions } from "tar-fs";
import tarStream, { type Pack } from "tar-stream";

/** One entry of a layer. Defaults: a file, mode 0644 (0755 for directories and for the name `entrypoint`), time 0. */
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

/** Packs a layer. Reproducible: sorted, owner 0:0, fixed times; the same input gives the same bytes. */
export async function packLayer(input: LayerInput): Promise<Buffer> {
  if ("tar" in input) return input.tar;
  if ("files" in input) return packFiles(input.files);
  const options: PackOptions & { sort: boolean } = {
    sort: true,
    map: (header) => ({ ...header, uid: 0, gid: 0, mtime: EPOCH, uname: "", gname: "" }),
  };
  return buffer(tarFs.pack(input.directory, options));
}

async function packFiles(files: Readonly<Record<string, string | Buffer | FileSpec>>): Promise<Buffer> {
  const pack = tarStream.pack();
  const bytes = buffer(pack);
  for (const name of Object.keys(files).sort()) {
    const value = files[name] ?? "";
    await addEntry(pack, name, typeof value === "string" || Buffer.isBuffer(value) ? { content: value } : value);
  }
  pack.finalize();
  return bytes;
}

function headerOf(name: string, { mode, type = "file", linkname, mtime = EPOCH }: FileSpec) {
  const executable = type === "directory" || name.split("/").at(-1) === "entrypoint";
  return {
    name,
    type,
    mode: mode ?? (executable ? 0o755 : 0o644),
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
