import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Digest, LaunchPlan } from "../../../../machines/index.ts";
import { isOnProbation, openStore, type Store } from "../../../../src/store/index.ts";
import { OBEDIENT_APP } from "./app.ts";
import { NEW } from "../../../model/supervisor-steps.ts";

/** One real data directory, and a folder beside it in which the test and its programs talk. */
export interface World {
  readonly lab: string;
  readonly dataDir: string;
  readonly store: Store;
  /** Makes the disk say this plan. True: it said so already, by what the loader and the app had done. */
  readonly prepare: (plan: LaunchPlan) => Promise<boolean>;
  /** The version passes every check, and the kernel will not start it: the interpreter of its interpreter is missing. */
  readonly breakProgram: (version: string) => void;
  /** Makes the port fail the next time it does its work; returns the way to mend the disk. */
  readonly disturb: (port: "revert" | "settle") => () => void;
}

export function createWorld(lab: string, old: Digest): World {
  const dataDir = join(lab, "data");
  const store = openStore(dataDir);
  const versions = [old, NEW];
  const { layout, links, records, trees } = store;
  const succession = layout.succession;

  /** A new file over the old one: a retained tree shares the content of the old. */
  const replace = (path: string, content: string): void => {
    writeFileSync(`${path}-new`, content);
    chmodSync(`${path}-new`, 0o755);
    renameSync(`${path}-new`, path);
  };
  const plant = (version: string, directory: string): void => {
    mkdirSync(join(directory, version), { recursive: true });
    replace(join(directory, version, "entrypoint"), OBEDIENT_APP);
  };
  const interpreter = join(lab, "interpreter");
  replace(interpreter, "#!/nonexistent/interpreter\n");
  const broken = new Set<string>();
  plant(old, join(lab, "attic"));

  const says = (plan: LaunchPlan): boolean => {
    if (links.read("attempting").kind !== "absent") return false;
    const [staged, stable] = [links.digest("attempt"), links.digest("entrypoint")];
    if (plan.kind === "empty") return staged === undefined && stable === undefined && trees.retained().length === 0;
    if (trees.fault(plan.digest) !== undefined) return false;
    if (plan.kind === "trial") return staged === plan.digest && records.failure(plan.digest) === undefined;
    return staged === undefined && stable === plan.digest && isOnProbation(store) === plan.onProbation;
  };
  const clear = (): void => {
    for (const slot of ["entrypoint", "attempt", "attempting"] as const) links.drop(slot);
    for (const version of versions) {
      records.dropFailure(version);
      for (const directory of [layout.extracted, layout.retained])
        rmSync(join(directory, version), { recursive: true, force: true });
    }
    records.dropMarker();
    records.dropTrial();
    rmSync(succession, { force: true });
  };

  const hide = (path: string, put: (path: string) => void): (() => void) => {
    const away = `${path}-away`;
    if (existsSync(path)) renameSync(path, away);
    put(path);
    return () => {
      rmSync(path, { recursive: true, force: true });
      if (existsSync(away)) renameSync(away, path);
    };
  };
  const directory = (path: string): void => void mkdirSync(join(path, "full"), { recursive: true });
  const file = (path: string): void => writeFileSync(path, "");

  return {
    lab,
    dataDir,
    store,
    prepare: async (plan) => {
      for (const version of broken) plant(version, layout.extracted);
      broken.clear();
      if (says(plan)) return true;
      clear();
      if (plan.kind === "empty") return false;
      for (const version of versions) plant(version, layout.extracted);
      if (plan.kind === "trial") {
        links.point("entrypoint", old);
        links.point("attempt", plan.digest);
      } else {
        links.point("entrypoint", plan.digest);
        if (plan.onProbation) records.setSuccession({ digest: plan.digest, previous: old, settled: false });
      }
      return false;
    },
    breakProgram: (version) => {
      replace(join(layout.extracted, version, "entrypoint"), `#!${interpreter}\n`);
      broken.add(version);
    },
    disturb: (port) => {
      if (port === "revert") return hide(layout.failed, file);
      return hide(succession, directory);
    },
  };
}
