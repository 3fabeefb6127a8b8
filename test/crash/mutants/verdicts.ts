/** Mutants of what follows what: verdicts, rollbacks, clean-ups and recovery, with a step swapped or a guard removed. */
import { edit, type Mutant, mutant } from "./mutant.ts";

const RECORD = "  records.addFailure({ digest, reason, at: now.toISOString() });\n";

export const VERDICTS: readonly Mutant[] = [
  mutant(
    "the stable version is not retained before a trial",
    "app of the original that commits and deletes all others",
    edit("trial", "if (previous !== null) await trees.retain(previous);", ""),
  ),
  mutant(
    "starts are not counted",
    "trial interrupted until it is parked",
    edit("trial", "starts: attempt, previous", "starts: 1, previous"),
  ),
  mutant("a claim is not recorded", "update that fails", edit("trial", RECORD, "")),
  mutant(
    "a claim is dropped before it is recorded",
    "update that fails",
    edit("trial", RECORD, `  links.dropRevoked();\n${RECORD}`),
  ),
  mutant(
    "a lost claim counts as won",
    "update that commits at the deadline",
    edit(
      "trial",
      'if (!links.claim() && links.digest("entrypoint") === digest)',
      "if (!links.claim() && digest === undefined)",
    ),
  ),
  mutant(
    "a version that made room is blamed",
    "attempt superseded by a newer one",
    edit("trial", "&& isSuperseded(store, facts)", "&& digest === undefined"),
  ),
  mutant(
    "the claim deletes the link instead of moving it aside",
    "update that times out",
    edit(
      "links",
      "durable.move(layout.attempting, layout.revoked)",
      "fs.lstatSync(layout.attempting, { throwIfNoEntry: false }) !== undefined && (durable.drop(layout.attempting), true)",
    ),
  ),
  mutant(
    "what followed what is forgotten before it is written",
    "update that commits",
    edit(
      "succession",
      "  records.setSuccession({ digest: trial.digest",
      "  records.dropTrial();\n  records.setSuccession({ digest: trial.digest",
    ),
  ),
  mutant(
    "a rollback flips before it records",
    "crash on probation",
    edit(
      "succession",
      `${RECORD}  showPrevious(store, digest, previous);\n`,
      `  showPrevious(store, digest, previous);\n${RECORD}`,
    ),
  ),
  mutant(
    "a rollback does not check what it returns to",
    "rollback with nothing to return to",
    edit("succession", "  if (!(await returnTo(store, previous, thorough))) {\n", "  if (digest === previous) {\n"),
  ),
  mutant(
    "a rollback that was cut short is not finished",
    "crash on probation",
    edit(
      "succession",
      "records.failure(digest) === undefined) return undefined;",
      "records.failure(digest) === undefined || true) return undefined;",
    ),
  ),
  mutant(
    "a clean-up takes the version to return to",
    "update that commits",
    edit("gc", "filter((name) => !previous.has(name) && !kept.has(name))", "filter((name) => !kept.has(name))"),
  ),
  mutant(
    "a clean-up takes what is on trial",
    "clean-up during a trial",
    edit("gc", '["attempt", "attempting", "entrypoint"]', '["attempt", "entrypoint"]'),
    edit("gc", ", records.trial()?.digest]", "]"),
  ),
  mutant(
    "a clean-up takes what is staged",
    "clean-up beside a staged version",
    edit("gc", '["attempt", "attempting", "entrypoint"]', '["attempting", "entrypoint"]'),
  ),
  mutant(
    "an interrupted trial is dropped",
    "trial interrupted by a stop",
    edit("recover", "    links.requeue();\n", '    links.drop("attempting");\n'),
  ),
  mutant(
    "an interrupted trial is blamed",
    "trial interrupted by a stop",
    edit("recover", "!settled && starts >= options.trialTries", "!settled"),
  ),
  mutant(
    "an interrupted trial takes the place of a newer version",
    "attempt superseded by a newer one",
    edit("recover", '!settled && links.read("attempt").kind === "absent"', "!settled"),
  ),
  mutant(
    "trials are interrupted for ever",
    "trial interrupted until it is parked",
    edit("recover", "!settled && starts >= options.trialTries", "!settled && starts < 0"),
    edit("recover-attempt", "trial?.digest === digest && trial.starts >= options.trialTries", "digest === undefined"),
  ),
  mutant(
    "a commit is not acknowledged at boot",
    "update that commits",
    edit("recover", "  acknowledgeCommit(store);\n", ""),
  ),
  mutant(
    "a claim that was cut short is forgotten",
    "update that fails",
    edit(
      "recover",
      '  if (records.failure(digest) === undefined) blame(store, options, digest, { kind: "unrecorded" });\n',
      "",
    ),
  ),
  mutant(
    "a marker that nothing backs stays",
    "check beside a running app",
    edit("recover", "  if (!inFlight && !failed) records.dropMarker();\n", "  void [inFlight, failed];\n"),
  ),
  mutant("temporary names stay", "check beside a running app", edit("recover", "  sweepTemporaries(store);\n", "")),
  mutant(
    "a broken stable version is not noticed",
    "damage of the stable version, found after an unclean stop",
    edit(
      "recover-stable",
      "if (digest !== undefined && (await faultOf(store, digest, options.thorough)) === undefined) {",
      "if (digest !== undefined) {",
    ),
  ),
  mutant(
    "a failed version is tried again",
    "failed version, staged again by an app of the original",
    edit("recover-attempt", "if (records.failure(digest) !== undefined) {", "if (digest === undefined) {"),
  ),
  mutant(
    "a damaged version is blamed",
    "damage of the staged version",
    edit(
      "recover-attempt",
      "unreadable ?? (await damageOf(store, digest, thorough)) ?? trees.altered(digest);",
      "[unreadable, thorough].find((item) => item === null) as string | undefined;",
    ),
  ),
  mutant("nothing is recovered", "trial interrupted by a stop", {
    file: "supervisor/plan.ts",
    find: "  await recover(store, { ...options, now: () => new Date() });\n",
    replace: "",
  }),
];
