import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Digest } from "../../../src/digest.ts";
import { digestOf } from "../../../src/digest.ts";
import type { Limits } from "../../../src/limits.ts";
import { LIMITS } from "../../../src/limits.ts";
import type { UnpackReport } from "../../../src/unpack/image.ts";
import { applyImage } from "../../../src/unpack/image.ts";
import type { LayerInput } from "../../../src/unpack/layer.ts";

export const TAR = "application/vnd.oci.image.layer.v1.tar";
export const TAR_GZIP = `${TAR}+gzip`;
export const TAR_ZSTD = `${TAR}+zstd`;

/** A place to unpack to, with neighbours that nothing may touch. */
export class Site implements Disposable {
  readonly base = mkdtempSync(join(tmpdir(), "dockerloader-unpack-"));
  readonly root = join(this.base, "root");
  readonly victim = join(this.base, "victim");
  /** Beside the root, and its path begins like the root's. */
  readonly sibling = `${this.root}-evil`;
  readonly #before: string;

  constructor() {
    mkdirSync(this.root, { mode: 0o700 });
    for (const neighbour of [this.victim, this.sibling]) {
      mkdirSync(neighbour, { mode: 0o711 });
      const secret = join(neighbour, "secret");
      writeFileSync(secret, "untouched", { mode: 0o640 });
      utimesSync(secret, 1000, 2000);
      utimesSync(neighbour, 3000, 4000);
    }
    this.#before = this.#victimState();
  }

  /** True while the neighbours are as they were: names, content, mode, owner, times, number of links. */
  get victimUntouched(): boolean {
    return this.#victimState() === this.#before;
  }

  #victimState(): string {
    const facts = [this.victim, this.sibling].flatMap((neighbour) => [
      ...[".", ...readdirSync(neighbour)].map((name) => {
        const { mode, uid, gid, mtimeMs, ctimeMs, nlink } = lstatSync(join(neighbour, name));
        return [name, mode, uid, gid, mtimeMs, ctimeMs, nlink].join(" ");
      }),
      readFileSync(join(neighbour, "secret"), "latin1"),
    ]);
    return [...facts, ...readdirSync(this.base).sort()].join("\n");
  }

  [Symbol.dispose](): void {
    rmSync(this.base, { recursive: true, force: true });
  }
}

/** A layer under test: its bytes as they are stored, and what the manifest and the config say of them. */
export interface TestLayer {
  readonly stored: Buffer;
  readonly mediaType: string;
  readonly diffId: Digest;
}

/** An uncompressed layer, or a compressed one when `plain` is what it unpacks to. */
export const layerOf = (stored: Buffer, mediaType = TAR, plain = stored): TestLayer => ({
  stored,
  mediaType,
  diffId: digestOf(plain),
});

async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** The layers as the applier takes them, read in chunks of one size. */
export const inputsOf = (layers: readonly TestLayer[], chunkSize = 65_536): LayerInput[] =>
  layers.map(({ stored, mediaType, diffId }) => ({
    mediaType,
    diffId,
    digest: digestOf(stored),
    size: stored.length,
    open: () => chunksOf(stored, chunkSize),
  }));

export function apply(
  root: string,
  layers: readonly TestLayer[],
  chunkSize = 65_536,
  limits: Partial<Limits> = {},
): Promise<UnpackReport> {
  const inputs = inputsOf(layers, chunkSize);
  const owners = process.geteuid?.() === 0;
  return applyImage(root, inputs, { limits: { ...LIMITS, ...limits }, owners });
}

/** What is in a tree: `path/` for directories, `-> target` for links, the content for files. Names are latin1. */
export function treeOf(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (directory: Buffer, prefix: string): void => {
    for (const child of readdirSync(directory, { withFileTypes: true, encoding: "buffer" })) {
      const path = Buffer.concat([directory, Buffer.from("/"), child.name]);
      const name = prefix + child.name.toString("latin1");
      if (child.isDirectory()) {
        found[`${name}/`] = "";
        walk(path, `${name}/`);
      } else if (child.isSymbolicLink()) {
        found[name] = `-> ${readlinkSync(path, { encoding: "buffer" }).toString("latin1")}`;
      } else found[name] = readFileSync(path, "latin1");
    }
  };
  walk(Buffer.from(root), "");
  return found;
}
