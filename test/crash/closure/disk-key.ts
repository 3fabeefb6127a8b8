/** What tells the disks of the exploration apart. */
import { type Disk, exactText, type Node, shownText } from "../model/disk.ts";
import { numberDisks } from "../model/disk-numbers.ts";

/** Why a version failed is for people: two disks that differ in it alone go the same ways. */
const REASON = /"reason":\{.*?\}+,/g;
/** What was cut short lies under names that are out of use: how much of it there is decides nothing. */
const LEFTOVER = /^(tmp|removing)-/;
/** A record is made for its owner alone and opened to all before it gets its name. Nothing asks for that; no file of a tree has this mode. */
const [PRIVATE, PUBLIC] = [0o600, 0o644];

/** Equal for two disks that this way of looking at them does not tell apart. */
export type DiskKey = (disk: Disk) => number;

/** Random names and times are all that may differ. */
export const exactKey = (): DiskKey => numberDisks({ textOf: exactText });

/** Equal for two disks that differ in nothing that decides. */
export const shortKey = (): DiskKey => numberDisks({ textOf: shortText, leftover: LEFTOVER });

function shortText(node: Exclude<Node, { kind: "directory" }>): string {
  if (node.kind === "link") return exactText(node);
  return `${node.mode === PRIVATE ? PUBLIC : node.mode} ${shownText(node).replace(REASON, "")}`;
}
