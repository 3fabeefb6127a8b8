import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { type ContentDigest, type Digest, isDigest } from "../digest.ts";
import { DockerloaderError } from "../errors.ts";
import type { Layout } from "../layout.ts";
import { type Durable, storeError } from "./durable.ts";
import type { FileSystem } from "./fs.ts";
import { preflight } from "./preflight.ts";
import { isUnreadable, listNames, readIfPresent, statIfPresent, twice } from "./reads.ts";
import { alteredFile } from "./shared-files.ts";

/** What is known of a published tree. Written before the tree appears; a tree of the original has none. */
export interface Receipt {
  readonly digest: Digest;
  readonly reference: string;
  readonly entries: number;
  readonly bytes: number;
  readonly labels: Readonly<Record<string, string>>;
  /** The digests of the uncompressed layers, lowest first. Older receipts have none: such a tree is never reused. */
  readonly layers?: readonly ContentDigest[];
  /** Some files are hard links to files of another version's tree. */
  readonly linked?: boolean;
}

/** A published tree whose files may serve another image that begins with the same layers. */
export interface DonorTree {
  readonly tree: string;
  readonly inventory: string;
  /** How many layers they share. */
  readonly layers: number;
}

/** A tree being built: private until it is published. */
export interface StagedTree {
  readonly root: string;
  /** Where to write the tree's inventory, if there is one: it is published together with the tree. */
  readonly inventory: string;
  /** Where to write what `sealOf` would answer, by whoever knows it already; else the tree is read again. */
  readonly seal: string;
  /** Durable and atomic: the tree appears whole under its digest or not at all. Replaces a broken one. */
  readonly publish: (receipt: Receipt) => Promise<void>;
  /** Removes it, unless it is published. Never rejects. */
  readonly discard: () => Promise<void>;
}

export interface Trees {
  readonly path: (digest: Digest) => string;
  /** True when the tree exists. */
  readonly has: (digest: Digest) => boolean;
  readonly receipt: (digest: Digest) => Receipt | undefined;
  /**
   * Undefined when the version can be executed; otherwise why not. STORE_CORRUPT: its content cannot be read any more.
   * Other errors of the volume are thrown.
   */
  readonly fault: (digest: Digest) => DockerloaderError | undefined;
  /**
   * Compares every entry with what was recorded when the tree was published, and names the first that differs or is
   * missing. Undefined: none, or nothing was recorded (a tree of the original). What an app added since is no damage.
   */
  readonly damage: (digest: Digest) => Promise<string | undefined>;
  /** Names a file that another version shares and that was written in place since. Undefined: there is none. */
  readonly altered: (digest: Digest) => string | undefined;
  readonly begin: () => StagedTree;
  /** The tree, retained ones included, that shares most of the first layers. Undefined when none shares the first. */
  readonly donor: (layers: readonly ContentDigest[]) => DonorTree | undefined;
  /** Keeps a second reference in `retained/`, which no app's clean-up touches. Idempotent. */
  readonly retain: (digest: Digest) => Promise<void>;
  /** Brings a retained version back to its place, over a broken tree if need be. False when none is retained. */
  readonly restore: (digest: Digest) => Promise<boolean>;
  readonly retained: () => readonly Digest[];
  /** Every published tree, retained ones included, each once. */
  readonly list: () => readonly { readonly digest: Digest; readonly path: string }[];
}

export function createTrees(layout: Layout, fs: FileSystem, durable: Durable): Trees {
  const has = (digest: Digest): boolean => statIfPresent(fs, layout.tree(digest))?.isDirectory() ?? false;

  const begin = (): StagedTree => {
    const root = join(layout.staging, `tmp-${randomUUID()}`);
    try {
      fs.mkdirSync(root, { mode: 0o755 });
    } catch (error) {
      throw storeError("create", root, error);
    }
    const inventory = `${root}.inventory`;
    const seal = `${root}.seal`;
    return {
      root,
      inventory,
      seal,
      publish: async (receipt) => {
        requireRunnable(root);
        // Of a large tree one call syncs the whole volume: what is written beside it waits for nothing any more after that.
        await fs.syncTree(root);
        await publishSeal(root, seal, layout.seal(receipt.digest));
        publishInventory(inventory, layout.inventory(receipt.digest));
        durable.publishFile(layout.receipt(receipt.digest), `${JSON.stringify(receipt)}\n`);
        // Whatever is in its place goes, also what is no directory: else no publish would ever succeed.
        await durable.retire(layout.tree(receipt.digest));
        durable.move(root, layout.tree(receipt.digest));
      },
      discard: () => removeLeftovers(fs, inventory, seal, root),
    };
  };

  /** What is published can run. */
  const requireRunnable = (root: string): void => {
    try {
      preflight(fs, root);
    } catch (error) {
      throw storeError("check", root, error);
    }
  };

  /** It was written while the tree was unpacked, or is made of the tree as it is now. */
  const publishSeal = async (root: string, from: string, to: string): Promise<void> => {
    if (statIfPresent(fs, from) === undefined) {
      const lines = await fs.sealOf(root).catch((error: unknown) => {
        throw storeError("check", root, error);
      });
      return durable.publishFile(to, lines.join("\n"));
    }
    durable.syncFile(from);
    durable.move(from, to);
  };

  /** An inventory of another tree under this name goes in any case: it would only be read in vain. */
  const publishInventory = (from: string, to: string): void => {
    if (statIfPresent(fs, from) === undefined) return durable.drop(to);
    durable.syncFile(from);
    durable.move(from, to);
  };

  const receipt = (digest: Digest): Receipt | undefined => {
    const text = readIfPresent(layout.receipt(digest), () => fs.readFileSync(layout.receipt(digest), "utf8"));
    try {
      return text === undefined ? undefined : (JSON.parse(text) as Receipt);
    } catch {
      return undefined;
    }
  };

  const donor = (layers: readonly ContentDigest[]): DonorTree | undefined => {
    const digests = listNames(fs, layout.inventories)
      .map((name) => name.replace(/\.jsonl$/, ""))
      .filter(isDigest);
    let best: DonorTree | undefined;
    for (const digest of digests) {
      const own = receipt(digest)?.layers ?? [];
      const differing = own.findIndex((layer, index) => layer !== layers[index]);
      const shared = differing === -1 ? own.length : differing;
      const tree = [layout.tree(digest), layout.retainedTree(digest)].find(
        (path) => statIfPresent(fs, path) !== undefined,
      );
      if (tree === undefined || shared <= (best?.layers ?? 0)) continue;
      best = { tree, inventory: layout.inventory(digest), layers: shared };
    }
    return best;
  };

  const sealTwice = (tree: string): Promise<readonly string[]> =>
    fs.sealOf(tree).catch((error: unknown) => {
      if (isUnreadable(error)) return fs.sealOf(tree);
      throw error;
    });

  const findDamage = async (digest: Digest): Promise<string | undefined> => {
    const [seal, tree] = [layout.seal(digest), layout.tree(digest)];
    const recorded = twice(() => readIfPresent(seal, () => fs.readFileSync(seal, "utf8")));
    if (recorded === undefined || recorded === "") return undefined;
    const found = new Set(await sealTwice(tree));
    const missing = recorded.split("\n").find((line) => !found.has(line));
    return missing === undefined ? undefined : `${tree} is damaged: expected ${missing}`;
  };

  return {
    path: layout.tree,
    has,
    begin,
    receipt,
    donor,
    fault: (digest) => {
      try {
        twice(() => preflight(fs, layout.tree(digest)));
        return undefined;
      } catch (error) {
        if (error instanceof DockerloaderError) return error;
        if (isUnreadable(error)) return unreadable(layout.tree(digest), error);
        throw storeError("check", layout.tree(digest), error);
      }
    },
    damage: async (digest) => {
      try {
        return await findDamage(digest);
      } catch (error) {
        if (isUnreadable(error)) return unreadable(layout.tree(digest), error).message;
        throw storeError("check", layout.tree(digest), error);
      }
    },
    altered: (digest) => {
      const file = alteredFile({ layout, fs }, digest, receipt);
      return file === undefined ? undefined : `${file} of ${digest} was written by another version that shares it`;
    },
    retain: async (digest) => {
      const target = layout.retainedTree(digest);
      if (statIfPresent(fs, target) !== undefined || !has(digest)) return;
      const temporary = join(layout.staging, `tmp-${randomUUID()}`);
      try {
        await fs.cloneTree(layout.tree(digest), temporary);
        await fs.syncTree(temporary);
        durable.move(temporary, target);
      } catch (error) {
        await removeLeftovers(fs, temporary);
        throw storeError("retain", layout.tree(digest), error);
      }
    },
    restore: async (digest) => {
      if (statIfPresent(fs, layout.retainedTree(digest)) === undefined) return false;
      await durable.retire(layout.tree(digest));
      return durable.move(layout.retainedTree(digest), layout.tree(digest));
    },
    retained: () => listNames(fs, layout.retained).filter(isDigest),
    list: () => {
      const current = listNames(fs, layout.extracted).filter(isDigest);
      const others = listNames(fs, layout.retained)
        .filter(isDigest)
        .filter((digest) => !current.includes(digest));
      return [
        ...current.map((digest) => ({ digest, path: layout.tree(digest) })),
        ...others.map((digest) => ({ digest, path: layout.retainedTree(digest) })),
      ];
    },
  };
}

/** A tree that the volume gives back no more is like one that was damaged: there is another way to get it. */
function unreadable(tree: string, cause: unknown): DockerloaderError {
  return new DockerloaderError("STORE_CORRUPT", `${tree} cannot be read any more (EIO)`, { cause });
}

/**
 * Removes what a failed step leaves in staging, as far as the volume lets us: the failure itself is what has to be
 * reported, and clean-up sweeps staging anyway.
 */
async function removeLeftovers(fs: FileSystem, ...paths: readonly string[]): Promise<void> {
  for (const path of paths) await fs.removeTree(path).catch(() => undefined);
}
