/**
 * The protocol, broken on purpose: one sync dropped, two steps swapped, a guard removed. A mutant replaces text of one
 * source file while the sweep's module graph is loaded once more under a name of its own.
 */
import { readFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Scenario } from "./scenarios.ts";
import type { Swept, SweepOptions } from "./sweep.ts";

export interface Mutant {
  readonly name: string;
  /** Below `src/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const m = (file: string, name: string, find: string, replace: string): Mutant => ({ file, name, find, replace });

export const MUTANTS: readonly Mutant[] = [
  m(
    "store/durable.ts",
    "no fsync of a record's content",
    "      fs.fsyncSync(fd);\n      fs.fchmodSync",
    "      fs.fchmodSync",
  ),
  m(
    "store/durable.ts",
    "no fsync of directories",
    "      fs.fsyncSync(fd);\n    } catch (error) {\n      if (!NO_DIR",
    "    } catch (error) {\n      if (!NO_DIR",
  ),
  m(
    "store/durable.ts",
    "a record is not written to its end",
    "written < content.length;",
    "written < 1;",
  ),
  m(
    "store/durable.ts",
    "a record is written in place",
    "fs.renameSync(temporary, path);",
    "unlinkIfPresent(path); fs.renameSync(temporary, path);",
  ),
  m("store/durable.ts", "a new directory is not synced into its parent", "    syncDirectory(parent);\n", ""),
  m(
    "store/durable.ts",
    "a removal is not synced",
    "if (unlinkIfPresent(path)) syncDirectory(dirname(path));",
    "unlinkIfPresent(path);",
  ),
  m("store/durable.ts", "a move is not synced", "          syncDirectory(dirname(to));\n", ""),
  m("store/blobs.ts", "a blob is not synced", 'await step("sync", path, () => handle.sync());', ""),
  m("store/blobs.ts", "a blob of the right size is trusted", "&& (await step", "|| (await step"),
  m("store/trees.ts", "a tree is not synced", "await fs.syncTree(root);", ""),
  m("store/trees.ts", "a retained tree is not synced", "await fs.syncTree(temporary);", ""),
  m("store/trees.ts", "damage is not looked for", "return missing === undefined ?", "return missing !== undefined ?"),
  m(
    "store/trial.ts",
    "the stable version is not retained before a trial",
    "if (previous !== null) await trees.retain(previous);",
    "",
  ),
  m("store/trial.ts", "a start is not counted", "starts: attempt, previous", "starts: 1, previous"),
  m(
    "store/trial.ts",
    "a claim is not recorded",
    "records.addFailure({ digest: facts.digest,",
    "void ({ digest: facts.digest,",
  ),
  m(
    "store/trial.ts",
    "the claim is dropped before it is recorded",
    "  if (!isSuperseded(store, facts)) {",
    "  links.dropRevoked();\n  if (!isSuperseded(store, facts)) {",
  ),
  m(
    "store/trial.ts",
    "a lost claim is taken for a won one",
    'if (!links.claim() && links.digest("entrypoint") === digest)',
    "if (!links.claim() && false)",
  ),
  m(
    "store/succession.ts",
    "what followed what is forgotten before it is written",
    "  records.setSuccession({ digest: trial.digest",
    "  records.dropTrial();\n  records.setSuccession({ digest: trial.digest",
  ),
  m(
    "store/succession.ts",
    "a rollback flips before it records",
    "  records.addFailure({ digest, reason, at: now.toISOString() });\n  records.setMarker(digest);\n  links.point",
    "  links.point",
  ),
  m(
    "store/succession.ts",
    "a rollback does not check what it returns to",
    "if (!(await bringBack(store, previous, thorough)))",
    "if (false)",
  ),
  m("store/gc.ts", "a clean-up trusts a commit that is not durable", "  durable.syncDirectory(layout.dataDir);\n", ""),
  m("store/gc.ts", "a clean-up takes the previous version", "previous.has(name) && !trees", "false && !trees"),
  m(
    "store/gc.ts",
    "a clean-up ignores what is on trial",
    '["attempt", "attempting", "entrypoint"]',
    '["attempt", "entrypoint"]',
  ),
  m(
    "store/gc.ts",
    "a clean-up ignores what is staged",
    '["attempt", "attempting", "entrypoint"]',
    '["attempting", "entrypoint"]',
  ),
  m(
    "store/recover.ts",
    "an interrupted trial is not queued again",
    "    links.requeue();\n",
    '    links.drop("attempting");\n',
  ),
  m("store/recover.ts", "an interrupted trial is blamed", "!settled && starts >= options.trialTries", "!settled"),
  m("store/recover.ts", "trials are interrupted for ever", "!settled && starts >= options.trialTries", "false"),
  m("store/recover.ts", "a stale marker stays", "  if (!inFlight && !failed) records.dropMarker();\n", ""),
  m(
    "store/recover.ts",
    "a claim that was cut short is forgotten",
    "records.failure(digest) === undefined && !superseded",
    "false",
  ),
  m(
    "store/recover-stable.ts",
    "a broken stable version is not noticed",
    "if (digest !== undefined && (await faultOf",
    "if (digest !== undefined || (await faultOf",
  ),
  m(
    "store/recover-stable.ts",
    "the receipt of a broken version stays",
    "  durable.drop(layout.receipt(digest));\n",
    "",
  ),
  m(
    "store/recover-attempt.ts",
    "a failed version is tried again",
    "if (records.failure(digest) !== undefined)",
    "if (false)",
  ),
  m(
    "store/recover-attempt.ts",
    "a damaged version is blamed",
    "const damage = await damageOf(store, digest, fault !== undefined || options.thorough);",
    "const damage = undefined as string | undefined;",
  ),
  m("store/recover.ts", "temporary names stay", "  sweepTemporaries(store);\n", ""),
  m(
    "supervisor/plan.ts",
    "nothing is recovered",
    "  await recover(store, { ...options, now: () => new Date() });\n",
    "",
  ),
];

const SRC = join(import.meta.dirname, "../../../src");

/** The sweep with this mutant's source in place of the real one. Throws when the text to replace is not there once. */
export async function loadMutant(mutant: Mutant, id: number) {
  const path = join(SRC, mutant.file);
  const source = readFileSync(path, "utf8");
  if (source.split(mutant.find).length !== 2) throw new Error(`${mutant.file} holds not once: ${mutant.find}`);
  const tag = `?mutant=${id}`;
  const target = pathToFileURL(path).href + tag;
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      const resolved = next(specifier, context);
      const ours =
        context.parentURL?.endsWith(tag) === true && resolved.url.startsWith("file:") && resolved.url.endsWith(".ts");
      return ours ? { ...resolved, url: resolved.url + tag } : resolved;
    },
    load: (url, context, next) => {
      if (url !== target) return next(url, context);
      const mutated = source.replace(mutant.find, () => mutant.replace);
      return { format: "module", source: stripTypeScriptTypes(mutated, { mode: "strip" }), shortCircuit: true };
    },
  });
  try {
    const base = pathToFileURL(join(import.meta.dirname, "x")).href;
    const at = (name: string): string => fileURLToPath(new URL(name, base));
    const { sweep } = (await import(`${pathToFileURL(at("sweep.ts")).href}${tag}`)) as {
      sweep: (scenario: Scenario, options: SweepOptions) => Promise<Swept>;
    };
    const { SCENARIOS } = (await import(`${pathToFileURL(at("scenarios.ts")).href}${tag}`)) as {
      SCENARIOS: readonly Scenario[];
    };
    return { sweep, SCENARIOS };
  } finally {
    hooks.deregister();
  }
}
