import type { Limits } from "../limits.ts";
import { LayerFault } from "./faults.ts";

/** The components of a path, without the empty ones and `.`. */
export function split(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

export const join = (parent: string, name: string): string => (parent === "" ? name : `${parent}/${name}`);

/** A path as system calls take it. */
export type RawPath = string | Buffer;

const OTHER_THAN_ASCII = /[\u0080-\u00ff]/;

/** A latin1 path, a byte each character, for a system call. Node would encode what is not ASCII anew; what is, it hands on fastest as text. */
export const rawPath = (latin1: string): RawPath =>
  OTHER_THAN_ASCII.test(latin1) ? Buffer.from(latin1, "latin1") : latin1;

/** The path without its last component; the root (the empty string) is its own parent. */
export const parentOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf("/"), 0));

export interface CleanName {
  /** The components below the root; none for the root itself. */
  readonly parts: readonly string[];
  /** A `..` was stopped at the root. */
  readonly clamped: boolean;
  /** There was a `..`, or nothing at all: the name only happens to mean the root. */
  readonly indirect: boolean;
}

/** Cleans the name of an entry (rule A1) and holds it to the limits (rules A2 and A48). */
export function cleanName(name: string, limits: Limits): CleanName {
  if (name.length > limits.pathBytes) {
    throw new LayerFault(
      "LAYER_LIMIT",
      "A2",
      `the name has ${name.length} bytes, at most ${limits.pathBytes} are allowed`,
    );
  }
  const parts: string[] = [];
  let clamped = false;
  let indirect = name === "";
  for (const part of split(name)) {
    if (part === "..") {
      indirect = true;
      clamped ||= parts.pop() === undefined;
      continue;
    }
    if (part.length > limits.nameBytes) {
      throw new LayerFault(
        "LAYER_LIMIT",
        "A2",
        `a component has ${part.length} bytes, at most ${limits.nameBytes} are allowed`,
      );
    }
    parts.push(part);
  }
  if (parts.length > limits.pathDepth) {
    throw new LayerFault(
      "LAYER_LIMIT",
      "A48",
      `the name is ${parts.length} levels deep, at most ${limits.pathDepth} are allowed`,
    );
  }
  return { parts, clamped, indirect };
}
