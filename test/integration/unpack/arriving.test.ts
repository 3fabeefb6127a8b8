/** Layers are applied while they arrive; what that makes counts only once they are verified. */
import assert from "node:assert/strict";
import { appendFileSync, existsSync, renameSync, truncateSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { digestOf } from "../../../src/digest.ts";
import { DockerloaderError } from "../../../src/errors.ts";
import {
  type Arrival,
  type LayerGate,
  unpackHere,
  unpackImage,
  type UnpackRequest,
} from "../../../src/unpack/index.ts";
import { file, tar } from "../../fixtures/tar.ts";
import { layerOf, Site, TAR_GZIP, treeOf } from "../../unit/unpack/harness.ts";

const ways = {
  "in a worker": (request: UnpackRequest, gate: LayerGate) => unpackImage(request, { gate }),
  "on the calling thread": (request: UnpackRequest, gate: LayerGate) => unpackHere(request, undefined, gate),
};

/** One layer, and both sides of the gate that it comes through. */
class Transfer {
  readonly arrived: string;
  readonly request: UnpackRequest;
  readonly gate: LayerGate;
  readonly #place: string;
  readonly #verified = Promise.withResolvers<void>();
  #tell: (layer: number, arrival: Arrival) => void = () => undefined;
  #bytes = 0;

  constructor(site: Site, plain: Buffer, stored: Buffer) {
    this.arrived = join(site.base, "partial");
    this.#place = join(site.base, "blob");
    const { mediaType, diffId } = layerOf(stored, TAR_GZIP, plain);
    const layer = { path: this.#place, mediaType, diffId, digest: digestOf(stored), size: stored.length };
    this.request = { root: site.root, layers: [layer], inventory: join(site.base, "inventory") };
    writeFileSync(this.arrived, "");
    this.gate = {
      needs: () => undefined,
      ready: () => this.#verified.promise,
      arriving: (listener) => (this.#tell = listener),
    };
  }

  more(bytes: Buffer): void {
    appendFileSync(this.arrived, bytes);
    this.#bytes += bytes.length;
    this.#tell(0, { path: this.arrived, bytes: this.#bytes });
  }

  again(): void {
    truncateSync(this.arrived);
    this.#bytes = 0;
    this.#tell(0, { path: this.arrived, bytes: 0 });
  }

  verified(): void {
    renameSync(this.arrived, this.#place);
    this.#verified.resolve();
  }

  failed(error: Error): void {
    this.#verified.reject(error);
  }
}

/** Resolves when there is such a name in the directory. */
async function appears(directory: string, name: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const watcher = watch(directory, () => look());
    const look = (): void => {
      if (!existsSync(join(directory, name))) return;
      watcher.close();
      resolve();
    };
    look();
  });
}

/** Bytes that do not compress, so that a decoder has to give out the beginning of a layer before it has seen the end. */
const noise = (seed: number): string => {
  let state = seed;
  return Array.from({ length: 400_000 }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return String.fromCharCode(32 + (state >>> 24) / 3);
  }).join("");
};
const contents = { first: noise(1), second: noise(2) };
const plain = tar(file("first", contents.first), file("second", contents.second));
const stored = gzipSync(plain);
const most = stored.length - 1000;
const other = gzipSync(tar(file("first", noise(3)), file("second", noise(4)), file("third", noise(5))));

describe("a layer that is still arriving", () => {
  for (const [how, unpack] of Object.entries(ways)) {
    it(`is applied as far as it is there ${how}`, async () => {
      using site = new Site();
      const transfer = new Transfer(site, plain, stored);
      const unpacked = unpack(transfer.request, transfer.gate);
      transfer.more(stored.subarray(0, most));
      await appears(site.root, "second");
      transfer.more(stored.subarray(most));
      transfer.verified();
      assert.equal((await unpacked).entries, 2);
      assert.deepEqual(treeOf(site.root), contents);
    });

    it(`is applied again when its transfer began with other bytes ${how}`, async () => {
      using site = new Site();
      const transfer = new Transfer(site, plain, stored);
      const unpacked = unpack(transfer.request, transfer.gate);
      transfer.more(other);
      await appears(site.root, "third");
      transfer.again();
      transfer.more(stored);
      transfer.verified();
      assert.equal((await unpacked).entries, 2);
      assert.deepEqual(treeOf(site.root), contents);
    });

    it(`goes on where it was when its transfer began anew with the same bytes ${how}`, async () => {
      using site = new Site();
      const transfer = new Transfer(site, plain, stored);
      const unpacked = unpack(transfer.request, transfer.gate);
      transfer.more(stored.subarray(0, most));
      await appears(site.root, "second");
      transfer.again();
      transfer.more(stored.subarray(0, 1000));
      transfer.more(stored.subarray(1000));
      transfer.verified();
      await unpacked;
      assert.deepEqual(treeOf(site.root), contents);
    });

    it(`is not blamed for bytes that are not verified in the end ${how}`, async () => {
      using site = new Site();
      const transfer = new Transfer(site, plain, stored);
      const unpacked = unpack(transfer.request, transfer.gate);
      const rejected = assert.rejects(unpacked, { code: "DIGEST_MISMATCH" });
      transfer.more(Buffer.concat([stored.subarray(0, most), Buffer.alloc(5000)]));
      await appears(site.root, "second");
      transfer.failed(new DockerloaderError("DIGEST_MISMATCH", "the registry sent other bytes"));
      await rejected;
    });

    it(`is blamed for a fault of its own once it is verified ${how}`, async () => {
      using site = new Site();
      const transfer = new Transfer(site, tar(file("else", "")), stored);
      const unpacked = unpack(transfer.request, transfer.gate);
      const rejected = assert.rejects(unpacked, { code: "DIFF_ID_MISMATCH" });
      transfer.more(stored);
      await appears(site.root, "second");
      transfer.verified();
      await rejected;
    });
  }
});
