/** What the links and records of a disk say. */
import type { Digest } from "../../../src/digest.ts";
import { REGISTRY, type Version } from "../model/versions.ts";
import type { World } from "../model/world.ts";

export interface Facts {
  readonly entrypoint: Digest | undefined;
  readonly attempt: Digest | undefined;
  readonly attempting: Digest | undefined;
  readonly revoked: Digest | undefined;
  readonly marker: Digest | undefined;
  readonly failed: readonly Digest[];
  readonly handshake: boolean;
  /** The version that has been tried last, and how many of its starts are counted. */
  readonly trial: { readonly digest: Digest; readonly starts: number } | undefined;
  /** The version that a crash of the stable one leads back to. */
  readonly wayBack: Digest | undefined;
  /** Versions whose tree is there with every byte that was published. */
  readonly whole: readonly Digest[];
  /** Names in `extracted` and in `retained`. */
  readonly trees: readonly string[];
  readonly retained: readonly string[];
}

function isWhole({ fs, store: { layout } }: World, { digest, files }: Version): boolean {
  return Object.entries(files).every(([name, content]) => {
    const path = `${layout.tree(digest)}/${name}`;
    return fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined && fs.readFileSync(path, "utf8") === content;
  });
}

/** What a trial that has committed says comes first: the record that follows from it is made of it. */
function wayBack({ store: { links, records } }: World): Digest | undefined {
  const stable = links.digest("entrypoint");
  const found = [records.trial(), records.succession()].find((record) => record?.digest === stable);
  return found?.previous ?? undefined;
}

export function factsOf(world: World): Facts {
  const { links, records, layout } = world.store;
  return {
    entrypoint: links.digest("entrypoint"),
    attempt: links.digest("attempt"),
    attempting: links.digest("attempting"),
    revoked: links.revoked(),
    marker: records.marker(),
    failed: records.failures().map(({ digest }) => digest),
    handshake: records.handshake() !== undefined,
    trial: records.trial(),
    wayBack: wayBack(world),
    whole: [...REGISTRY.values()].filter((version) => isWhole(world, version)).map(({ digest }) => digest),
    trees: world.fs.readdirSync(layout.extracted),
    retained: world.fs.readdirSync(layout.retained),
  };
}
