import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { writeLines } from "../../../src/unpack/write-behind.ts";

const folder = mkdtempSync(join(tmpdir(), "dockerloader-lines-"));
after(() => rmSync(folder, { recursive: true }));

/** So much text that it goes in several pieces. */
const LINES = Array.from({ length: 20_000 }, (_, index) => `line ${index} \u00e9${"x".repeat(index % 97)}`);

/** Their numbers. */
const openFiles = (): string[] => readdirSync("/proc/self/fd").sort();

const read = (name: string): string => readFileSync(join(folder, name), "utf8");

describe("lines that are written while they are made", () => {
  it("are all there, in their order, with nothing after the last one", async () => {
    await writeLines(join(folder, "many"), 0o600, (tell) => LINES.forEach((line) => tell(line)));
    assert.ok(read("many") === LINES.join("\n"), "the file is not what it was told");
    assert.equal(statSync(join(folder, "many")).mode & 0o777, 0o600);
  });

  it("may be none, one or longer than a piece", async () => {
    const long = "y".repeat(1_000_000);
    for (const [name, lines] of Object.entries({
      none: [],
      one: ["a"],
      empty: ["a", ""],
      long: ["", long, long, ""],
    })) {
      await writeLines(join(folder, name), 0o600, (tell) => lines.forEach((line) => tell(line)));
      assert.ok(read(name) === lines.join("\n"), name);
    }
  });

  it("never replace a file", async () => {
    await writeLines(join(folder, "taken"), 0o600, (tell) => tell("first"));
    await assert.rejects(
      writeLines(join(folder, "taken"), 0o600, (tell) => tell("second")),
      { code: "EEXIST" },
    );
    assert.equal(read("taken"), "first");
  });

  it("are closed when whoever makes them fails", async () => {
    const before = openFiles();
    const failing = writeLines(join(folder, "failed"), 0o600, (tell) => {
      LINES.forEach((line) => tell(line));
      throw new Error("no more lines");
    });
    await assert.rejects(failing, { message: "no more lines" });
    assert.deepEqual(openFiles(), before);
  });
});
