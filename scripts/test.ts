/**
 * Runs the test suite: `npm test` for everything, `npm test -- unit model` for some folders of test/.
 * The container tests need root and Debian packages; .ci/run runs them.
 */
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const FOLDERS = ["package", "unit", "model", "integration", "e2e"];

/** Longest time of one test, in milliseconds: a hang is a failure with a name. */
const TIMEOUT_MS = 300_000;

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !FOLDERS.includes(name) && !name.endsWith(".test.ts"));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(", ")}; name folders (${FOLDERS.join(", ")}) or test files`);
  process.exit(64);
}
const files = (wanted.length === 0 ? FOLDERS : wanted).flatMap((name) =>
  name.endsWith(".test.ts") ? [name] : globSync(`test/${name}/**/*.test.ts`, { cwd: root }).sort(),
);
// Node's own default leaves one processor idle: of two that is half the time.
const options = [`--test-timeout=${TIMEOUT_MS}`, `--test-concurrency=${availableParallelism()}`];
// What one process has compiled, the next one need not: a tenth of a short test, and a process without the compiler of types
// starts others twice as fast.
const compiled = mkdtempSync(join(tmpdir(), "dockerloader-compiled-"));
const env = { NODE_COMPILE_CACHE: compiled, ...process.env };
const { status } = spawnSync(process.execPath, ["--test", ...options, ...files], { cwd: root, env, stdio: "inherit" });
rmSync(compiled, { recursive: true, force: true });
process.exit(status ?? 1);
