import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, type Hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { LIMITS } from "../../../src/limits.ts";
import { LayerFault } from "../../../src/unpack/faults.ts";
import { TarParser } from "../../../src/unpack/tar-parser.ts";
import { findProgram } from "../../support/preconditions.ts";
import { goArchiveTar, type GoHeader, type GoVector, goVectors } from "./support/go-vectors.ts";

/** Archives with sparse files, which we refuse by name (rules A28 and A29) and Go expands. */
const SPARSE = [
  "sparse-formats.tar",
  "gnu-incremental.tar",
  "gnu-nil-sparse-data.tar",
  "gnu-nil-sparse-hole.tar",
  "pax-nil-sparse-data.tar",
  "pax-nil-sparse-hole.tar",
];
const CHUNKS = [1, 513, 65_536];
const LARGEST_ARCHIVE = 1 << 26;

interface Read {
  readonly header: GoHeader;
  readonly checksum: string;
}

/** What our parser makes of an archive that comes in chunks. */
function read(bytes: Buffer, chunk: number): { readonly entries: Read[]; readonly fault: LayerFault | undefined } {
  const entries: Read[] = [];
  let open: { readonly header: GoHeader; readonly hash: Hash } | undefined;
  const parser = new TarParser(
    {
      entry: ({ type, name, linkname, mode, uid, gid, size, mtime }) => {
        open = { header: { type, name, linkname, mode, uid, gid, size, mtime }, hash: createHash("md5") };
      },
      data: (piece) => void open?.hash.update(piece),
      end: () => {
        if (open !== undefined) entries.push({ header: open.header, checksum: open.hash.digest("hex") });
      },
      global: () => entries.push({ header: GLOBAL, checksum: "" }),
    },
    LIMITS,
  );
  try {
    for (let at = 0; at < bytes.length; at += chunk) parser.push(bytes.subarray(at, at + chunk));
    parser.finish();
    return { entries, fault: undefined };
  } catch (error) {
    if (error instanceof LayerFault) return { entries, fault: error };
    throw error;
  }
}

/** A global header is told without its fields: it never changes an entry (rule A42). */
const GLOBAL: GoHeader = { type: "g", name: "", linkname: "", mode: 0, uid: 0, gid: 0, size: 0, mtime: 0 };

const expectedOf = ({ headers }: GoVector): GoHeader[] =>
  headers.map((header) => (header.type === "g" ? GLOBAL : header));

const MICROSECONDS = 1e6;
const rounded = (header: GoHeader): GoHeader => ({ ...header, mtime: Math.round(header.mtime * MICROSECONDS) });

function bytesOf(path: string): Buffer {
  if (!path.endsWith(".bz2")) return readFileSync(path);
  return execFileSync("bzip2", ["-dc", path], { maxBuffer: LARGEST_ARCHIVE });
}

function check(vector: GoVector, bytes: Buffer, chunk: number): void {
  const { entries, fault } = read(bytes, chunk);
  if (SPARSE.includes(vector.file)) {
    assert.equal(fault?.code, "LAYER_UNSUPPORTED");
    assert.match(fault.message, /sparse/);
    return;
  }
  assert.equal(fault !== undefined, vector.fails, fault?.message ?? "it was read to its end");
  assert.deepEqual(
    entries.map(({ header }) => rounded(header)),
    expectedOf(vector).map(rounded),
  );
  const contents = entries.filter(({ header }) => header.type !== "g").map(({ checksum }) => checksum);
  if (vector.checksums.length > 0) assert.deepEqual(contents, vector.checksums);
}

const folder = goArchiveTar();
const reason =
  folder === undefined
    ? "the archives of Go are missing (apt-get install golang-src)"
    : findProgram("bzip2") === undefined
      ? "one of the archives of Go needs bzip2 (apt-get install bzip2)"
      : undefined;
if (reason !== undefined && process.env["CI"] === "true") throw new Error(reason);

describe("the archives of Go's archive/tar", reason === undefined ? {} : { skip: reason }, () => {
  const vectors = folder === undefined ? [] : goVectors(folder);

  it("are all on the list", () => {
    assert.ok(vectors.length >= 32, `${vectors.length} vectors were found in reader_test.go`);
    for (const name of SPARSE)
      assert.ok(
        vectors.some(({ file }) => file === name),
        name,
      );
  });

  for (const vector of vectors) {
    const outcome = SPARSE.includes(vector.file) ? "is refused for its sparse files" : "is read as Go reads it";
    it(`${vector.file} ${outcome}, in chunks of ${CHUNKS.join(", ")} bytes`, () => {
      const bytes = bytesOf(join(folder ?? "", "testdata", vector.file));
      for (const chunk of CHUNKS) check(vector, bytes, chunk);
    });
  }
});
