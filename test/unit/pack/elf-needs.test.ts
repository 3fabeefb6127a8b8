import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { elfNeeds } from "../../../src/pack/elf-needs.ts";

const program = readFileSync(process.execPath);

describe("what an ELF file needs", () => {
  it("is its dynamic linker and its libraries, as for the Node that runs this", () => {
    const needs = elfNeeds(program);
    assert.match(needs?.interpreter ?? "", /^\/lib.*\/ld-/);
    assert.ok(
      needs?.libraries.some((name) => name.startsWith("libc.")),
      needs?.libraries.join(),
    );
    assert.ok(needs?.libraries.every((name) => /^[\w.+-]+$/.test(name)));
  });

  it("is unknown for what is no ELF file, or is cut", () => {
    assert.equal(elfNeeds(Buffer.from("#!/bin/sh\n".repeat(20))), undefined);
    assert.equal(elfNeeds(program.subarray(0, 100)), undefined);
    assert.equal(elfNeeds(Buffer.alloc(0)), undefined);
  });

  it("is nothing for a program without a dynamic section", () => {
    const header = Buffer.alloc(128);
    header.write("\x7fELF\u0002\u0001\u0001", "latin1");
    assert.deepEqual(elfNeeds(header), { interpreter: undefined, libraries: [] });
  });
});
