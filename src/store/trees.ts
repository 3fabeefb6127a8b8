import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { isDigest, type Digest } from "../digest.ts";
import { DockerloaderError } from "../errors.ts";
import type { Layout } from "../layout.ts";
import { cloneTree } from "./clone.ts";
import { type Durable, storeError } from "./durable.ts";
import { errnoOf, type FileSystem } from "./fs.ts";
import { preflight } from "./preflight.ts";
import { listNames } from "./records.ts";
import { syncTree } from "./sync-tree.ts";

/** What is known of a published tree. Written before the tree appears; a tree of the original has none. */
export interface Receipt {
  readonly digest: Digest;
  readonly reference: string;
  readonly entries: number;
  readonly bytes: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** A tree being built: private until it is published. */
export interface StagedTree {
  readonly root: string;
  /** Durable and atomic: the tree appears whole under its digest or not at all. Replaces a broken one. */
  readonly publish: (receipt: Receipt) => Promise<void>;
  readonly discard: () => Promise<void>;
}

export interface Trees {
  readonly path: (digest: Digest) => string;
  /** True when the tree exists. */
  readonly has: (digest: Digest) => boolean;
  readonly receipt: (digest: Digest) => Receipt | undefined;
  /** Undefined when the version can be executed; otherwise why not. Errors of the volume are thrown. */
  readonly fault: (digest: Digest) => DockerloaderError | undefined;
  readonly begin: () => StagedTree;
  /** Keeps a second reference in `retained/`, which no app's clean-up touches. Idempotent. */
  readonly retain: (digest: Digest) => Promise<void>;
  /** Brings a retained version back to its place, over a broken tree if need be. False when none is retained. */
  readonly restore: (digest: Digest) => Promise<boolean>;
  readonly retained: () => readonly Digest[];
}

export function createTrees(layout: Layout, fs: FileSystem, durable: Durable): Trees {
  const has = (digest: Digest): boolean =>
    fs.lstatSync(layout.tree(digest), { throwIfNoEntry: false })?.isDirectory() ?? false;

  const begin = (): StagedTree => {
    const root = join(layout.staging, `tmp-${randomUUID()}`);
    try {
      fs.mkdirSync(root, { mode: 0o755 });
    } catch (error) {
      throw storeError("create", root, error);
    }
    return {
      root,
      publish: async (receipt) => {
        preflight(fs, root);
        await syncTree(root);
        durable.publishFile(layout.receipt(receipt.digest), `${JSON.stringify(receipt)}\n`);
        if (has(receipt.digest)) await durable.retire(layout.tree(receipt.digest));
        durable.move(root, layout.tree(receipt.digest));
      },
      discard: () => fs.removeTree(root),
    };
  };

  return {
    path: layout.tree,
    has,
    begin,
    receipt: (digest) => {
      try {
        return JSON.parse(fs.readFileSync(layout.receipt(digest), "utf8")) as Receipt;
      } catch (error) {
        if (errnoOf(error) === "ENOENT" || error instanceof SyntaxError) return undefined;
        throw error;
      }
    },
    fault: (digest) => {
      try {
        preflight(fs, layout.tree(digest));
        return undefined;
      } catch (error) {
        if (error instanceof DockerloaderError) return error;
        throw storeError("check", layout.tree(digest), error);
      }
    },
    retain: async (digest) => {
      const target = layout.retainedTree(digest);
      if (fs.lstatSync(target, { throwIfNoEntry: false }) !== undefined || !has(digest)) return;
      const temporary = join(layout.staging, `tmp-${randomUUID()}`);
      try {
        await cloneTree(layout.tree(digest), temporary);
        durable.move(temporary, target);
      } catch (error) {
        await fs.removeTree(temporary);
        throw storeError("retain", layout.tree(digest), error);
      }
    },
    restore: async (digest) => {
      if (fs.lstatSync(layout.retainedTree(digest), { throwIfNoEntry: false }) === undefined) return false;
      await durable.retire(layout.tree(digest));
      return durable.move(layout.retainedTree(digest), layout.tree(digest));
    },
    retained: () => listNames(fs, layout.retained).filter(isDigest),
  };
}
