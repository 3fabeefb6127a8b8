/** Tells disks apart by a number. Worked out for every disk that a cut may leave: so what was read of a file once is kept. */
import { type Disk, type Ino, type Node, ROOT, shownName } from "./disk.ts";

export interface Looks {
  /** What counts of a file or link. */
  readonly textOf: (node: Exclude<Node, { kind: "directory" }>) => string;
  /** Names of which only counts that there is one. Default: none. */
  readonly leftover?: RegExp;
}

/** More than there are different things on all disks. */
const MANY = 2 ** 24;

/** A directory as it was last seen, on whatever disk: it is the same as long as its children are. */
interface Seen {
  readonly children: readonly Ino[];
  readonly numbers: readonly number[];
  readonly number: number;
}

/** Equal for two disks that look the same; random names are shown as equal. */
export function numberDisks({ textOf, leftover }: Looks): (disk: Disk) => number {
  const numberOf = numbers();
  const [numberOfName, isLeftover] = [numbers(), new Set<number>()];
  const leaves = new WeakMap<Node, number>();
  const names = new Map<string, number>();
  const directories = new WeakMap<Node, Seen>();

  const ofName = (name: string): number => {
    const found = numberOfName(shownName(name));
    names.set(name, found);
    if (leftover?.test(name) === true) isLeftover.add(found);
    return found;
  };
  const ofLeaf = (node: Exclude<Node, { kind: "directory" }>): number => {
    const found = leaves.get(node) ?? numberOf(textOf(node));
    leaves.set(node, found);
    return found;
  };
  const of = (disk: Disk, ino: Ino): number => {
    const node = disk.nodes.get(ino);
    if (node === undefined) return MANY - 1;
    if (node.kind !== "directory") return ofLeaf(node);
    const seen = directories.get(node);
    if (seen?.children.every((child, index) => of(disk, child) === seen.numbers[index]) === true) return seen.number;
    const entries: number[] = [];
    const leftovers = new Set<number>();
    const [children, ofChildren]: [Ino[], number[]] = [[], []];
    for (const [name, child] of node.entries) {
      const shown = names.get(name) ?? ofName(name);
      if (isLeftover.has(shown)) {
        leftovers.add(shown * MANY);
        continue;
      }
      const content = of(disk, child);
      children.push(child);
      ofChildren.push(content);
      entries.push(shown * MANY + content);
    }
    const number = numberOf(
      `/${Float64Array.from([...leftovers, ...entries])
        .sort()
        .join()}`,
    );
    directories.set(node, { children, numbers: ofChildren, number });
    return number;
  };
  return (disk) => of(disk, ROOT);
}

/** A number for each text. */
function numbers(): (text: string) => number {
  const known = new Map<string, number>();
  return (text) => {
    const found = known.get(text) ?? known.size;
    known.set(text, found);
    return found;
  };
}
