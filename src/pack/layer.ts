import { createHash } from "node:crypto";
import { createWriteStream, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import tarFs, { type PackOptions } from "tar-fs";
import tarStream, { type Pack } from "tar-stream";
import type { Digest } from "../digest.ts";

/** A layer that was written as a blob. */
export interface PackedLayer {
  readonly digest: Digest;
  readonly diffId: Digest;
  /** Compressed bytes. */
  readonly size: number;
}

const EPOCH = new Date(0);

/** tar-fs documents less than it takes. */
type Options = PackOptions & {
  readonly sort: boolean;
  readonly umask: number;
  readonly finish?: (pack: Pack) => void;
};

/**
 * A directory as a layer, the same bytes wherever it lies: sorted, owner 0:0, time 0, directories and executables 0755, other files 0644,
 * whatever a checkout or an umask made of them. `link`: the file that the name `entrypoint` is to be a link to.
 */
export function directoryLayer(directory: string, link: string | undefined): AsyncIterable<unknown> {
  const options: Options = {
    sort: true,
    umask: 0,
    map: ({ mode, type, ...header }) => {
      const executable = type === "directory" || (mode & 0o111) !== 0;
      const looks = { uid: 0, gid: 0, uname: "", gname: "", mtime: EPOCH };
      return {
        ...header,
        ...looks,
        type: type ?? "file",
        mode: type === "symlink" ? 0o777 : executable ? 0o755 : 0o644,
      };
    },
    finalize: false,
    finish: (pack) => {
      if (link !== undefined) {
        pack.entry({ name: "entrypoint", type: "symlink", linkname: link, mode: 0o777, mtime: EPOCH, uid: 0, gid: 0 });
      }
      pack.finalize();
    },
  };
  return tarFs.pack(directory, options);
}

/** A layer of one file. */
export function fileLayer(name: string, content: Buffer, mode: number): AsyncIterable<unknown> {
  const pack = tarStream.pack();
  pack.entry({ name, mode, mtime: EPOCH, uid: 0, gid: 0 }, content);
  pack.finalize();
  return pack;
}

const GZIP_OS_BYTE = 9;
const GZIP_OS_UNKNOWN = 255;

/** Compresses an archive into the folder of blobs, under its digest, in constant memory. */
export async function writeLayer(archive: AsyncIterable<unknown>, blobs: string): Promise<PackedLayer> {
  const plain = createHash("sha256");
  const packed = createHash("sha256");
  let size = 0;
  const inner = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      plain.update(chunk);
      done(null, chunk);
    },
  });
  const outer = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      // The header tells the system it was made on (RFC 1952, 2.3.1); the time in it is 0 anyway.
      if (size <= GZIP_OS_BYTE && size + chunk.length > GZIP_OS_BYTE) chunk[GZIP_OS_BYTE - size] = GZIP_OS_UNKNOWN;
      packed.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  const temporary = join(blobs, `tmp-${process.pid}`);
  try {
    await pipeline(archive, inner, createGzip(), outer, createWriteStream(temporary));
    const hex = packed.digest("hex");
    renameSync(temporary, join(blobs, hex));
    return { digest: `sha256:${hex}`, diffId: `sha256:${plain.digest("hex")}`, size };
  } finally {
    rmSync(temporary, { force: true });
  }
}
