/**
 * Runs tests: `npm test` for everything that needs nothing but Node, `npm test -- unit model` for some folders of test/, or for files.
 * The folders `conformance`, `container` and `crash` need root and Debian packages; .ci/run runs them.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { inOrder } from "./test/order.ts";

const root = join(import.meta.dirname, "..");
const FOLDERS = ["package", "unit", "model", "integration", "e2e"];
const ROOT_FOLDERS = ["conformance", "container", "crash"];

/** Longest time of one test, in milliseconds: a hang is a failure with a name. What needs root may take long and has times of its own. */
const TIMEOUT_MS = 300_000;
/** Containers share one storage. Else one more than there are processors: somebody always waits for a disk, a timer or a process. */
const concurrencyOf = (names: readonly string[]): number =>
  names.includes("container") ? 1 : availableParallelism() + 1;

const wanted = process.argv.slice(2);
const isFile = (name: string): boolean => name.endsWith(".test.ts") && existsSync(join(root, name));
const unknown = wanted.filter((name) => ![...FOLDERS, ...ROOT_FOLDERS].includes(name) && !isFile(name));
if (unknown.length > 0) {
  const folders = [...FOLDERS, ...ROOT_FOLDERS].join(", ");
  console.error(`unknown: ${unknown.join(", ")}; name folders (${folders}) or test files`);
  process.exit(64);
}
const names = wanted.length === 0 ? FOLDERS : wanted;
const files = names.flatMap((name) => (isFile(name) ? [name] : globSync(`test/${name}/**/*.test.ts`, { cwd: root })));
const needsRoot = files.some((file) => ROOT_FOLDERS.some((folder) => file.startsWith(`test/${folder}/`)));

// What one process has compiled, the next one need not: a tenth of a short test.
const compiled = mkdtempSync(join(tmpdir(), "dockerloader-compiled-"));
process.env["NODE_COMPILE_CACHE"] ??= compiled;
spawnSync(process.execPath, [join(import.meta.dirname, "test/compile.ts")], { stdio: "inherit" });
process.chdir(root);
const tests = run({
  files: inOrder(files),
  concurrency: concurrencyOf(names),
  ...(needsRoot ? {} : { timeout: TIMEOUT_MS }),
});
let succeeded = false;
tests.on("test:summary", ({ file, success }) => {
  if (file === undefined) succeeded = success;
});
tests.compose(spec).pipe(process.stdout);
tests.once("close", () => {
  rmSync(compiled, { recursive: true, force: true });
  process.exitCode = succeeded ? 0 : 1;
});
