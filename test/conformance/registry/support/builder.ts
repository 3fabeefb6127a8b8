import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must } from "../../../container/support/command.ts";
import { treeOf } from "../../../support/tree.ts";

/** An image in buildah's storage, and the tree it was made of. */
export interface Made {
  /** A name to give to buildah. */
  readonly id: string;
  readonly tree: readonly string[];
}

/** buildah on a storage of its own: no other user of it on this machine sees or loses anything. */
export interface Builder {
  readonly buildah: (...args: string[]) => Promise<string>;
  /** Makes an image of one layer more than `from`: `change` edits its mounted root. */
  readonly layer: (change: (root: string) => Promise<void>, options?: LayerOptions) => Promise<Made>;
  /** Pushes an image to a registry on loopback; further options of `buildah push`. */
  readonly push: (image: Made, reference: string, ...options: string[]) => Promise<void>;
  /** Writes an image as an OCI layout with layers that are not compressed; its path. */
  readonly layout: (image: Made) => Promise<string>;
  readonly close: () => Promise<void>;
}

export interface LayerOptions {
  readonly from?: Made;
  readonly arch?: string;
  readonly variant?: string;
}

/** Opens a builder in a temporary folder. Driver `vfs` needs no overlay file system and writes whiteouts all the same. */
export async function openBuilder(): Promise<Builder> {
  const folder = await mkdtemp(join(tmpdir(), "dockerloader-buildah-"));
  const storage = ["--root", join(folder, "root"), "--runroot", join(folder, "run"), "--storage-driver", "vfs"];
  const buildah: Builder["buildah"] = (...args) => must("buildah", [...storage, ...args]);

  const layer: Builder["layer"] = async (change, { from, arch, variant } = {}) => {
    const container = await buildah("from", ...(arch === undefined ? [] : ["--arch", arch]), from?.id ?? "scratch");
    const root = await buildah("mount", container);
    await change(root);
    const tree = treeOf(root);
    await buildah("umount", container);
    const platform = [
      ...(arch === undefined ? [] : ["--arch", arch]),
      ...(variant === undefined ? [] : ["--variant", variant]),
    ];
    await buildah("config", ...platform, "--entrypoint", '["/entrypoint"]', container);
    const id = await buildah("commit", "--quiet", "--format", "oci", container);
    await buildah("rm", container);
    return { id, tree };
  };
  return {
    buildah,
    layer,
    push: async ({ id }, reference, ...options) => {
      await buildah("push", "--quiet", "--tls-verify=false", ...options, id, `docker://${reference}`);
    },
    layout: async ({ id }) => {
      const path = join(folder, `layout-${id}`);
      await buildah("push", "--quiet", "--disable-compression", id, `oci:${path}`);
      return path;
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
