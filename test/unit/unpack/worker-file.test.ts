import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { ownWorkerFile, workerFile } from "../../../src/unpack/worker-file.ts";

describe("the file of the unpack worker", () => {
  const base = mkdtempSync(join(tmpdir(), "dockerloader-worker-"));
  after(() => rmSync(base, { recursive: true, force: true }));

  /** What is found from the module `from` in a folder with these files. */
  const found = (from: string, ...names: string[]): string | undefined => {
    const folder = mkdtempSync(join(base, "x"));
    for (const name of names) writeFileSync(join(folder, name), "");
    const url = workerFile(pathToFileURL(join(folder, from)).href);
    return url === undefined ? undefined : basename(url.pathname);
  };

  it("is the source beside the source", () => {
    assert.equal(found("worker-file.ts", "worker.ts"), "worker.ts");
    assert.match(ownWorkerFile()?.pathname ?? "", /\/src\/unpack\/worker\.ts$/);
  });

  it("is worker.js beside the compiled module", () => {
    assert.equal(found("worker-file.js", "worker.js"), "worker.js");
  });

  it("is unpack-worker.js beside a bundle, never a worker.js of somebody else", () => {
    assert.equal(found("chunk-ABC.js", "worker.js", "unpack-worker.js"), "unpack-worker.js");
    assert.equal(found("main.js", "worker.js"), undefined);
  });

  it("is nowhere for a module without a file", () => {
    assert.equal(workerFile(undefined), undefined);
    assert.equal(workerFile("data:text/javascript,0"), undefined);
  });
});
