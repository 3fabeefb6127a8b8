import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { noSyncFilter, withFilter, withoutSync } from "../../../scripts/bench/layers/no-sync.ts";

const SUCCEED = 0x00050000;
const ALLOW = 0x7fff0000;
const READ = { x64: 0, arm64: 63 };
const SYNCING = {
  x64: { fsync: 74, fdatasync: 75, sync: 162, syncfs: 306, msync: 26, sync_file_range: 277 },
  arm64: { fsync: 82, fdatasync: 83, sync: 81, syncfs: 267, msync: 227, sync_file_range: 84 },
};
/** As linux/audit.h makes them: ELF's number of the machine, 64 bits, little-endian. */
const AUDIT = { x64: 62 + 2 ** 31 + 2 ** 30, arm64: 183 + 2 ** 31 + 2 ** 30 };

/** What the kernel does with a call: runs the three kinds of instructions that the filter has. */
function verdict(filter: Buffer, arch: number, call: number): number {
  let loaded = 0;
  for (let at = 0; at < filter.length; at += 8) {
    const [code, value] = [filter.readUInt16LE(at), filter.readUInt32LE(at + 4)];
    if (code === 0x06) return value;
    if (code === 0x20) loaded = value === 0 ? call : arch;
    else at += 8 * filter.readUInt8(loaded === value ? at + 2 : at + 3);
  }
  throw new Error("the filter has no end");
}

const starts = spawnSync("bwrap", ["--dev-bind", "/", "/", "true"]).status === 0;

describe("the filter under which nobody syncs", () => {
  for (const name of ["x64", "arm64"] as const) {
    test(`on ${name} it answers the calls that sync, and lets all others pass`, () => {
      const filter = noSyncFilter(name);
      const calls = Object.values(SYNCING[name]);
      for (const call of calls) assert.equal(verdict(filter, AUDIT[name], call), SUCCEED);
      const others = Array.from({ length: 600 }, (_, call) => call).filter((call) => !calls.includes(call));
      assert.ok(others.includes(READ[name]));
      for (const call of others) assert.equal(verdict(filter, AUDIT[name], call), ALLOW);
    });
  }

  test("calls of a 32-bit program have other numbers, and pass", () => {
    assert.equal(verdict(noSyncFilter("x64"), 3 + 2 ** 30, SYNCING.x64.fsync), ALLOW);
  });

  test("an architecture whose numbers are not known is refused", () => {
    assert.throws(() => noSyncFilter("riscv64"), /no numbers of system calls are known for riscv64/);
  });

  const where = { skip: starts ? false : "bwrap is missing, or may not do its work here" };
  test(
    "a process that a process under it starts syncs what is not even open, and reads and writes as ever",
    where,
    () => {
      const folder = mkdtempSync(join(tmpdir(), "dockerloader-no-sync-"));
      const script = `const fs = require("fs"); fs.fsyncSync(99); fs.fdatasyncSync(99); fs.writeFileSync(1, "done");`;
      const [program = "", ...args] = withoutSync(["sh", "-c", `"$@"`, "sh", process.execPath, "-e", script]);
      try {
        const { stdout, stderr } = withFilter(join(folder, "filter"), (filter) =>
          spawnSync(program, args, { stdio: ["ignore", "pipe", "pipe", filter], encoding: "utf8" }),
        );
        assert.deepEqual({ stdout, stderr }, { stdout: "done", stderr: "" });
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
