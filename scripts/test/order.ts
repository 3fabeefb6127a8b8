/**
 * What takes longest, longest first: begun last, one of them would run alone while the other processors idle. What is not here comes
 * after it, by name, which is the only order that `node --test` knows.
 */
export const LONGEST: readonly string[] = [
  "test/crash/syscalls-trials.test.ts",
  "test/crash/syscalls-downloads.test.ts",
  "test/crash/closure.test.ts",
  "test/crash/power-model.test.ts",
  "test/crash/power-ext4.test.ts",
  "test/crash/processes-race.test.ts",
  "test/crash/power-xfs.test.ts",
  "test/conformance/layers/buildah.test.ts",
  "test/conformance/layers/umoci.test.ts",
  "test/integration/unpack/fuzz.test.ts",
  "test/integration/supervisor/replay.test.ts",
  "test/integration/registry/fault-schedules.test.ts",
  "test/integration/registry/fault-matrix.test.ts",
  "test/integration/inspect/rebuild.test.ts",
  "test/e2e/rollback.test.ts",
  "test/integration/pull/interrupted.test.ts",
  "test/unit/unpack/reuse.test.ts",
];

/** The files in the order in which to begin them. */
export function inOrder(files: readonly string[]): string[] {
  const first = LONGEST.filter((file) => files.includes(file));
  return [...first, ...files.filter((file) => !first.includes(file)).toSorted()];
}
