import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import type * as subject from "./subject.ts";

export type Subject = typeof subject;

/**
 * The subject bundled without a worker file, as an app may be that does not ship one: layers are applied on the calling thread. For
 * tests that pull thousands of small images: starting a thread from TypeScript sources costs four times what the pull does.
 */
export async function bundleSubject(): Promise<Subject> {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-subject-"));
  const file = join(folder, "subject.mjs");
  try {
    await build({
      entryPoints: [join(import.meta.dirname, "subject.ts")],
      outfile: file,
      bundle: true,
      format: "esm",
      platform: "node",
      logLevel: "error",
      // CommonJS packages in the bundle call require() for Node's own modules.
      banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    });
    return (await import(pathToFileURL(file).href)) as Subject;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
