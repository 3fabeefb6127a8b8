import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { needs, needsFileSystem } from "../../support/preconditions.ts";
import { openPullLab } from "../../integration/pull/support.ts";
import { described } from "../../support/described.ts";

const VOLUME_BYTES = 400 * 2 ** 20;
const FILES = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`lib/f${index}`, `content ${index}`]));
const base = { files: { ...FILES, "lib/big": Buffer.alloc(2 ** 20, "clone me ") } };
const app = (version: string) => ({ files: { entrypoint: "#!/bin/sh\n", version } });

const FORMAT = { xfs: ["-q", "-m", "reflink=1"], btrfs: ["-q"] } as const;

for (const type of ["xfs", "btrfs"] as const) {
  describe(
    `an update on a file system that can clone (${type})`,
    { ...needs("clones", [`mkfs.${type}`, "mount"]), ...needsFileSystem(type) },
    () => {
      for (const shareFiles of ["links", "clones"] as const) {
        it(`shares blocks and no inode with DOCKERLOADER_SHARE_FILES=${shareFiles}: a write reaches one version only`, async () => {
          const folder = mkdtempSync(join(tmpdir(), "dockerloader-clones-"));
          const image = join(folder, "image");
          const mountPoint = join(folder, "volume");
          writeFileSync(image, "");
          truncateSync(image, VOLUME_BYTES);
          mkdirSync(mountPoint);
          execFileSync(`mkfs.${type}`, [...FORMAT[type], image], { stdio: "pipe" });
          execFileSync("mount", ["-o", "loop", image, mountPoint]);
          try {
            await using lab = await openPullLab(join(mountPoint, "data"));
            await lab.push(base, app("1"));
            const first = await lab.pull({ config: { shareFiles } });
            await lab.push(base, app("2"));
            lab.blobsAsked();
            const second = await lab.pull({ config: { shareFiles } });
            const at = (digest: typeof first, name: string): string => join(lab.store.layout.tree(digest), name);
            assert.equal(lab.store.trees.receipt(second)?.linked, false);
            for (const name of [...Object.keys(FILES), "lib/big"]) {
              assert.notEqual(lstatSync(at(second, name)).ino, lstatSync(at(first, name)).ino, name);
              assert.equal(lstatSync(at(second, name)).nlink, 1, name);
            }
            const extracted = lab.log.events.filter((event) => event.type === "image.extracted");
            assert.deepEqual(
              extracted.map(({ reusedLayers }) => reusedLayers),
              [0, 1],
            );
            const before = described(lab.store.layout.tree(first));
            writeFileSync(at(second, "lib/f1"), "written in place");
            assert.equal(readFileSync(at(first, "lib/f1"), "utf8"), "content 1");
            assert.deepEqual(described(lab.store.layout.tree(first)), before);
            assert.equal(lab.store.trees.altered(first), undefined);
          } finally {
            execFileSync("umount", [mountPoint]);
            rmSync(folder, { recursive: true });
          }
        });
      }
    },
  );
}
