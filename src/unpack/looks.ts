import {
  chmodSync,
  chownSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lchownSync,
  lutimesSync,
  type Stats,
  utimesSync,
} from "node:fs";
import { clampTime, isSameTime } from "./metadata.ts";
import type { RawPath } from "./names.ts";
import type { Ownership } from "./ownership.ts";
import type { TarEntry } from "./tar-parser.ts";

/** The part of an entry that says what its file looks like. */
export type Looks = Pick<TarEntry, "name" | "mode" | "uid" | "gid" | "mtime">;

/**
 * Owner, mode and time of an open file; the owner first, because chown(2) takes set-id bits away (rule A30). A file is made with its
 * mode by us, so most have owner and mode already: one look at it is cheaper than to set both. Answers the inode.
 */
export function dressOpen(fd: number, { name, mode, uid, gid, mtime }: Looks, ownership: Ownership): number {
  const stat = fstatSync(fd);
  if (stat.uid !== uid || stat.gid !== gid) ownership.give(uid, gid, name, (u, g) => fchownSync(fd, u, g));
  if ((stat.mode & 0o7777) !== (mode & 0o7777)) fchmodSync(fd, mode & 0o7777);
  futimesSync(fd, clampTime(mtime), clampTime(mtime));
  return stat.ino;
}

/** The same by path, for what is known to be no link. */
export function dressFile(path: RawPath, { name, mode, uid, gid, mtime }: Looks, ownership: Ownership): void {
  ownership.give(uid, gid, name, (u, g) => chownSync(path, u, g));
  chmodSync(path, mode & 0o7777);
  utimesSync(path, clampTime(mtime), clampTime(mtime));
}

/** Owner and time of a symbolic link itself (rule A24). */
export function dressLink(path: RawPath, { name, uid, gid, mtime }: Looks, ownership: Ownership): void {
  ownership.give(uid, gid, name, (u, g) => lchownSync(path, u, g));
  lutimesSync(path, clampTime(mtime), clampTime(mtime));
}

/** True when a file has the owner, mode and time that an entry asks for. */
export function looksLike(stat: Stats, { mode, uid, gid, mtime }: Looks, ownership: Ownership): boolean {
  const due = ownership.due(uid, gid);
  const sameOwner = stat.uid === due.uid && stat.gid === due.gid;
  return sameOwner && (stat.mode & 0o7777) === (mode & 0o7777) && isSameTime(stat.mtimeMs, clampTime(mtime));
}

/** What a file must be to be the one that was made. */
export interface Expected extends Looks {
  readonly ino: number;
  readonly size: number;
}

/** True when a file is what it was made: a write would have set its time. */
export function isUnchanged(stat: Stats, expected: Expected, ownership: Ownership): boolean {
  const same = stat.isFile() && stat.ino === expected.ino && stat.size === expected.size;
  return same && looksLike(stat, expected, ownership);
}
