import { createCipheriv } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Digest } from "../../../src/digest.ts";
import { buildImage, type BuiltImage, type TestRegistry } from "../../../src/testing/index.ts";

/** The versions that scenarios use; each is a tag of the repository `app`. */
export type Version = 1 | 2 | 3;
export const VERSIONS: readonly Version[] = [1, 2, 3];

/**
 * An app that says which version serves, then does what the variable `APP_<version>` says, `APP_<version>_TRIAL` while
 * on trial. `commit` is the original's commit: one rename, and an error when the loader was quicker. Called as `cli` it
 * says which version it is, waits until the file `CLI_GO` is there, and then reads a file of its own tree.
 */
const script = (version: Version): string => `#!/bin/sh
if [ "\${1-}" = cli ]; then
  echo "cli of ${version}"
  until [ -e "\${CLI_GO-/}" ]; do sleep 0.02; done
  cat "\${0%/*}/lib/data"; exit
fi
echo "serving ${version} \${DOCKERLOADER_TRIAL:+on trial}"
D=$DOCKERLOADER_DATA_DIR
commit() { mv -T "$D/entrypoint-attempting" "$D/entrypoint" || exit 1; }
if [ -n "\${DOCKERLOADER_TRIAL-}" ]; then eval "\${APP_${version}_TRIAL-commit}"; fi
eval "\${APP_${version}-}"
exit 0
`;

/** Text of that length that no version shares with another one, and that compresses by a quarter only. */
const ballastOf = (version: Version, bytes: number): string => {
  const stream = createCipheriv("aes-128-ctr", Buffer.alloc(16, version), Buffer.alloc(16));
  return stream.update(Buffer.alloc(bytes)).toString("base64").slice(0, bytes);
};

const files = (version: Version, ballast: number): Record<string, string> => ({
  entrypoint: script(version),
  "lib/data": `the data of version ${version}\n`,
  ...(ballast > 0 && { "lib/ballast": ballastOf(version, ballast) }),
});

export interface Versions {
  readonly digest: (version: Version) => Digest;
  readonly version: (digest: string | undefined) => Version | undefined;
  /** What is wrong with a directory that should be this version's tree, or undefined. */
  readonly treeFault: (path: string, version: Version) => string | undefined;
}

/** Builds every version, with so many bytes of ballast, and pushes each to the tag of its number. */
export async function pushVersions(registry: TestRegistry, ballast = 0): Promise<Versions> {
  const images = new Map<Version, BuiltImage>();
  for (const version of VERSIONS) {
    const { entrypoint, ...rest } = files(version, ballast);
    const layers = [{ files: { entrypoint: entrypoint ?? "" } }, { files: rest }];
    const image = await buildImage({ layers });
    images.set(version, image);
    await registry.push("app", String(version), image);
  }
  const digest = (version: Version): Digest => {
    const image = images.get(version);
    if (image === undefined) throw new Error(`there is no version ${version}`);
    return image.digest;
  };
  return {
    digest,
    version: (wanted) => VERSIONS.find((version) => digest(version) === wanted),
    treeFault: (path, version) => {
      const found = listTree(path);
      const expected = files(version, ballast);
      const names = Object.keys(expected).sort();
      if (found.join() !== names.join()) return `${path} holds ${found.join(", ")} instead of ${names.join(", ")}`;
      const wrong = names.find((name) => readFileSync(join(path, name), "utf8") !== expected[name]);
      return wrong === undefined ? undefined : `${path}/${wrong} has the wrong content`;
    },
  };
}

/** Every file and link below a directory, relative, sorted. */
export function listTree(root: string, below = ""): string[] {
  return readdirSync(join(root, below), { withFileTypes: true })
    .flatMap((entry) => {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      return entry.isDirectory() ? listTree(root, path) : [path];
    })
    .sort();
}
