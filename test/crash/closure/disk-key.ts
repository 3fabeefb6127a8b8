/** What tells disks apart. Worked out for every disk that a cut may leave: so what was read of a file once is kept. */
import { hash } from "node:crypto";
import { describeDisk, type Disk, type Ino, type Node, ROOT } from "../model/disk.ts";

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;
/** Why a version failed is for people: two disks that differ in it alone go the same ways. */
const REASON = /"reason":\{.*?\}+,/g;
/** What was cut short lies under names that are out of use: how much of it there is decides nothing. */
const LEFTOVER = /^(tmp|removing)-/;
/** A record is made for its owner alone and opened to all before it gets its name. Nothing asks for that; no file of a tree has this mode. */
const [PRIVATE, PUBLIC] = [0o600, 0o644];

/** Equal for two disks that this way of looking at them does not tell apart. */
export type DiskKey = (disk: Disk) => string | number;

/** Random names and times are all that may differ. */
export const exactKey = (): DiskKey => (disk) => hash("sha1", describeDisk(disk));

/** More than there are different things on all disks. */
const MANY = 2 ** 24;

/** A directory as it was last seen, on whatever disk: it is the same as long as its children are. */
interface Seen {
  readonly children: readonly Ino[];
  readonly numbers: readonly number[];
  readonly number: number;
}

/** Equal for two disks that differ in nothing that decides. */
export function shortKey(): DiskKey {
  const numberOf = numbers();
  const [numberOfName, isLeftover] = [numbers(), new Set<number>()];
  const leaves = new WeakMap<Node, number>();
  const names = new Map<string, number>();
  const directories = new WeakMap<Node, Seen>();

  const ofName = (name: string): number => {
    const found = names.get(name) ?? numberOfName(name.replace(UUID, "*"));
    names.set(name, found);
    if (LEFTOVER.test(name)) isLeftover.add(found);
    return found;
  };
  const ofLeaf = (node: Exclude<Node, { kind: "directory" }>): number => {
    const found = leaves.get(node) ?? numberOf(node.kind === "link" ? `-> ${node.target}` : fileText(node));
    leaves.set(node, found);
    return found;
  };
  const of = (disk: Disk, ino: Ino): number => {
    const node = disk.nodes.get(ino);
    if (node === undefined) return MANY - 1;
    if (node.kind !== "directory") return ofLeaf(node);
    const seen = directories.get(node);
    if (seen?.children.every((child, index) => of(disk, child) === seen.numbers[index]) === true) return seen.number;
    const entries = new Set<number>();
    const [children, ofChildren]: [Ino[], number[]] = [[], []];
    for (const [name, child] of node.entries) {
      const shown = names.get(name) ?? ofName(name);
      if (isLeftover.has(shown)) {
        entries.add(shown * MANY);
        continue;
      }
      const content = of(disk, child);
      children.push(child);
      ofChildren.push(content);
      entries.add(shown * MANY + content);
    }
    const number = numberOf(`/${Float64Array.from(entries).sort().join()}`);
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

function fileText({ mode, data }: Extract<Node, { kind: "file" }>): string {
  const text = data.toString("latin1").replace(TIME, "*").replace(REASON, "");
  return `${mode === PRIVATE ? PUBLIC : mode} ${text}`;
}
