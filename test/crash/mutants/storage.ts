/** Mutants of the primitives: syncs dropped, steps of one write swapped, content trusted by its name. */
import { edit, type Mutant, mutant } from "./mutant.ts";

export const NO_FILE_SYNC = edit("durable", "      if (sync) fs.fsyncSync(fd);\n", "");
export const NO_DIRECTORY_SYNC = edit(
  "durable",
  "      fs.fsyncSync(fd);\n    } catch (error) {\n      if (!NO",
  "    } catch (error) {\n      if (!NO",
);
export const NO_TREE_SYNC = edit("trees", "        await fs.syncTree(root);\n", "");
export const NO_BLOB_SYNC = edit("blobs", '      await step("sync", path, () => handle.sync());\n', "");
export const NO_COMPARISON = edit(
  "trees",
  'if (recorded === undefined || recorded === "") return',
  "if (recorded !== null) return",
);

export const STORAGE: readonly Mutant[] = [
  mutant("a record's content is not synced", "stop and start", NO_FILE_SYNC),
  mutant("directories are not synced", "rollback by hand, then forgiven", NO_DIRECTORY_SYNC),
  mutant(
    "a name that is published is not synced",
    "update that fails",
    edit("durable", "      if (sync) syncDirectory(dirname(path));\n    });", "    });"),
  ),
  mutant(
    "a record's content is synced after its rename",
    "stop and start",
    NO_FILE_SYNC,
    edit(
      "durable",
      "        fs.renameSync(temporary, path);\n",
      '        fs.renameSync(temporary, path);\n        if (operation === "write") fs.fsyncSync(fs.openSync(path, "r"));\n',
    ),
  ),
  mutant(
    "a record is not written to its end",
    "repair from the retained version",
    edit("durable", "written < content.length;", "written < Math.min(1, content.length);"),
  ),
  mutant(
    "a record gives way before the new one is there",
    "repair from the retained version",
    edit(
      "durable",
      "        fs.renameSync(temporary, path);\n",
      "        unlinkIfPresent(path);\n        fs.renameSync(temporary, path);\n",
    ),
  ),
  mutant(
    "a new directory is not synced into its parent",
    "volume of the original, taken over",
    edit("durable", "    for (const parent of parents) syncDirectory(parent);\n", ""),
  ),
  mutant(
    "a removal is not synced",
    "check beside a running app",
    edit("durable", "if (unlinkIfPresent(path)) syncDirectory(dirname(path));", "unlinkIfPresent(path);"),
  ),
  mutant(
    "a move is not synced",
    "update that commits at the deadline",
    edit("durable", "          syncDirectory(dirname(to));\n", ""),
  ),
  mutant("a blob is not synced", "stop and start", NO_BLOB_SYNC),
  mutant(
    "a blob is synced after its rename",
    "stop and start",
    NO_BLOB_SYNC,
    edit(
      "blobs",
      "      durable.move(path, layout.blob(digest));\n",
      "      durable.move(path, layout.blob(digest));\n      durable.syncFile(layout.blob(digest));\n",
    ),
  ),
  mutant(
    "a blob of the right size is trusted",
    "repair when a blob is damaged as well",
    edit("blobs", "stat.size === size && (await step", "stat.size === size || (await step"),
  ),
  mutant("a tree is not synced", "first boot", NO_TREE_SYNC),
  mutant(
    "a tree is synced after its rename",
    "first boot",
    NO_TREE_SYNC,
    edit(
      "trees",
      "        durable.move(root, layout.tree(receipt.digest));\n",
      "        durable.move(root, layout.tree(receipt.digest));\n        await fs.syncTree(root);\n",
    ),
  ),
  mutant(
    "a retained tree is not synced",
    "app of the original that commits and deletes all others",
    edit("trees", "        await fs.syncTree(temporary);\n", ""),
  ),
  mutant(
    "content is not compared after an unclean stop",
    "damage of the stable version, found after an unclean stop",
    NO_COMPARISON,
  ),
];
