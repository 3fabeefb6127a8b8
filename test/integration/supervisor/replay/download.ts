import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT } from "../../../../src/errors.ts";
import type { BuiltImage, TestRegistry } from "../../../../src/testing/index.ts";
import { OLD } from "../../../model/supervisor-steps.ts";

const FIXTURE = join(import.meta.dirname, "../../../fixtures/obedient-fetch");
const MAIN = join(import.meta.dirname, "../../../../src/main.ts");

export type Outcome = "hang" | "fail" | "works";

/** The first download of one world: the command the loader calls, and how it goes. */
export interface Download {
  readonly command: readonly [string, ...string[]];
  readonly target: string;
  /** The digest of what it brings. */
  readonly digest: typeof OLD;
  /** The exit code of the fault with which it fails for good. */
  readonly faultCode: number;
  readonly set: (outcome: Outcome) => void;
  readonly hasBegun: () => boolean;
}

/** A program that brings a tree from the folder beside the data directory. */
export function quickDownload(lab: string): Download {
  return {
    command: [FIXTURE],
    target: "registry.test/app:stable",
    digest: OLD,
    faultCode: EXIT.ioError,
    set: (outcome) => writeFileSync(join(lab, "download"), `${outcome === "works" ? OLD : outcome}\n`),
    hasBegun: () => existsSync(join(lab, "downloading")),
  };
}

/** Our own `fetch` against a registry with real sockets. */
export async function realDownload(registry: TestRegistry, repository: string, image: BuiltImage): Promise<Download> {
  const digest = await registry.push(repository, "stable", image);
  let outcome: Outcome = "works";
  registry.fault(({ path }) => {
    if (!path.includes(`/${repository}/`) || outcome === "works") return undefined;
    return outcome === "hang" ? { kind: "silence" } : { kind: "status", status: 404 };
  });
  return {
    command: [process.execPath, "--conditions=development", MAIN, "fetch"],
    target: registry.reference(repository, "stable"),
    digest,
    faultCode: EXIT.badData,
    set: (next) => (outcome = next),
    hasBegun: () => registry.requests.some(({ path }) => path.includes(`/${repository}/`)),
  };
}
