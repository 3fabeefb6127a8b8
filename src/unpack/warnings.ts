import { shown } from "./shown.ts";

/** What each kind of warning says; the number of cases and the first of them are added. */
const TEXTS = {
  clamped: "names that climb above the root, kept inside it",
  rootIgnored: "entries that name the root by a detour, ignored",
  duplicate: "entries that replace an earlier one of the same layer",
  parentReplaced: "files replaced by a directory because a later entry lies below them",
  special: "device nodes and fifos, skipped",
  xattr: "entries with extended attributes, which are not kept",
  capability: "entrypoints with file capabilities, which are lost: grant them to the container instead",
  globalPax: "global extended headers, ignored",
  owner: "entries whose owner cannot be restored by this process, left to it",
  linkCopied: "hard links that the volume refused, copied instead",
  folded: "names that the volume takes for another one of the image, so that one of both is not there",
  label: "layers whose media type does not state their compression",
  trailing: "layers with more than 1 MiB of data after the end of the archive, ignored",
} as const;

export type WarningKind = keyof typeof TEXTS;

/** Collects warnings of one image: one line a kind, so that a layer cannot flood a log. */
export class Warnings {
  readonly #kinds = new Map<WarningKind, { count: number; readonly first: string }>();

  add(kind: WarningKind, example: string): void {
    const known = this.#kinds.get(kind);
    if (known === undefined) this.#kinds.set(kind, { count: 1, first: shown(example) });
    else known.count += 1;
  }

  lines(): string[] {
    return [...this.#kinds].map(([kind, { count, first }]) => `${count} ${TEXTS[kind]} (first: "${first}")`);
  }
}
