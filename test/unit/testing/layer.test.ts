import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { extract, type Header } from "tar-stream";
import { packLayer } from "../../../src/testing/layer.ts";

async function entriesOf(tar: Buffer): Promise<{ header: Header; content: string }[]> {
  const entries: { header: Header; content: string }[] = [];
  for await (const entry of Readable.from([tar]).pipe(extract()))
    entries.push({ header: entry.header, content: (await buffer(entry)).toString() });
  return entries;
}

async function temporary(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "dockerloader-layer-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Writes the same small tree with times and an order of creation that differ from call to call. */
async function writeTree(path: string, names: readonly string[], time: Date): Promise<void> {
  await mkdir(join(path, "bin"));
  for (const name of names) {
    await writeFile(join(path, name), `content of ${name}`);
    await chmod(join(path, name), 0o640);
    await utimes(join(path, name), time, time);
  }
  await chmod(join(path, "bin"), 0o755);
  await symlink("bin/tool", join(path, "entrypoint"));
}

test("named entries come out sorted, owned by root, with time 0 and the usual modes", async () => {
  const tar = await packLayer({
    files: { "z.txt": "last", entrypoint: "#!/bin/sh\n", bin: { type: "directory" }, "bin/run": { mode: 0o4755 } },
  });
  const entries = await entriesOf(tar);
  assert.deepEqual(
    entries.map(({ header, content }) => [header.name, header.mode, content]),
    [
      ["bin", 0o755, ""],
      ["bin/run", 0o4755, ""],
      ["entrypoint", 0o755, "#!/bin/sh\n"],
      ["z.txt", 0o644, "last"],
    ],
  );
  for (const { header } of entries)
    assert.deepEqual([header.uid, header.gid, header.mtime.getTime()], [0, 0, 0], header.name);
});

test("the order of the names in the input does not matter", async () => {
  const one = await packLayer({ files: { a: "1", b: "2" } });
  const other = await packLayer({ files: { b: "2", a: "1" } });
  assert.deepEqual(one, other);
});

test("symlinks, hard links and times are written as given", async () => {
  const mtime = new Date("2020-02-02T02:02:02Z");
  const tar = await packLayer({
    files: {
      file: { content: Buffer.from([0, 255]), mtime },
      hard: { type: "link", linkname: "file" },
      soft: { type: "symlink", linkname: "../outside" },
    },
  });
  const headers = (await entriesOf(tar)).map(({ header }) => header);
  assert.deepEqual(
    headers.map(({ type, linkname, size }) => [type, linkname, size]),
    [
      ["file", null, 2],
      ["symlink", "../outside", 0],
      ["link", "file", 0],
    ],
  );
  assert.equal(headers[0]?.mtime.getTime(), mtime.getTime());
});

test("a hard link comes after the file it names", async () => {
  const entries = await entriesOf(await packLayer({ files: { a: { type: "link", linkname: "b" }, b: "content" } }));
  assert.deepEqual(
    entries.map(({ header }) => header.name),
    ["b", "a"],
  );
});

test("a whiteout is an entry like any other", async () => {
  const entries = await entriesOf(await packLayer({ files: { "etc/.wh.gone": "", "opt/.wh..wh..opq": "" } }));
  assert.deepEqual(
    entries.map(({ header }) => [header.name, header.type, header.size]),
    [
      ["etc/.wh.gone", "file", 0],
      ["opt/.wh..wh..opq", "file", 0],
    ],
  );
});

test("two directories with the same content give the same bytes", async (t) => {
  const one = await temporary(t);
  const other = await temporary(t);
  await chmod(other, 0o711);
  await writeTree(one, ["a", "b", "bin/tool"], new Date("2001-01-01"));
  await writeTree(other, ["bin/tool", "b", "a"], new Date("2022-02-02"));
  const tar = await packLayer({ directory: one });
  assert.deepEqual(await packLayer({ directory: other }), tar);
  const entries = await entriesOf(tar);
  const find = (name: string) => entries.find(({ header }) => header.name === name);
  assert.equal(find("bin/tool")?.content, "content of bin/tool");
  assert.equal(find("bin/tool")?.header.mode, 0o640);
  assert.equal(find("entrypoint")?.header.linkname, "bin/tool");
});

test("the umask of the process does not change a layer", async (t) => {
  const path = await temporary(t);
  await writeTree(path, ["a"], new Date(0));
  const before = process.umask(0o077);
  t.after(() => process.umask(before));
  const entries = await entriesOf(await packLayer({ directory: path }));
  assert.equal(entries.find(({ header }) => header.name === "a")?.header.mode, 0o640);
});

test("a directory that does not exist is an error", async (t) => {
  const path = join(await temporary(t), "missing");
  await assert.rejects(packLayer({ directory: path }), { code: "ENOENT" });
});

test("a tar archive is taken as it is", async () => {
  const tar = Buffer.from("not even a tar archive");
  assert.equal(await packLayer({ tar }), tar);
});
