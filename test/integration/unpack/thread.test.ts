/** The thread itself: what its request is told when it cannot be started or ends by itself. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { OPEN_GATE } from "../../../src/unpack/gate.ts";
import { openUnpacker } from "../../../src/unpack/index.ts";
import { UnpackThread } from "../../../src/unpack/thread.ts";

describe("a thread that does not answer", () => {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-thread-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const failsWith = async (file: URL, expected: { code: string; message?: string }): Promise<void> => {
    using unpacker = openUnpacker(new UnpackThread(file));
    await assert.rejects(unpacker.unpack({ root: folder, layers: [] }), expected);
  };
  const worker = (name: string, text: string): URL => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return pathToFileURL(path);
  };

  it("fails the request when it could not be started", async () => {
    await failsWith(new URL("https://127.0.0.1/worker.js"), { code: "INTERNAL" });
  });

  it("fails the request with what ended it", async () => {
    const message = "unexpected error: a defect";
    await failsWith(worker("throws.mjs", "throw new Error('a defect')"), { code: "INTERNAL", message });
  });

  it("fails the request when it ended without a word, before or after it was asked", async () => {
    const expected = { code: "INTERNAL", message: "unexpected error: the worker ended with code 7" };
    await failsWith(worker("ends.mjs", "process.exit(7)"), expected);
    const ended = new UnpackThread(worker("ended.mjs", "process.exit(7)"));
    await ended.unpack({ root: folder, layers: [] }, undefined, OPEN_GATE);
    using unpacker = openUnpacker(ended);
    await assert.rejects(unpacker.unpack({ root: folder, layers: [] }), expected);
  });
});
