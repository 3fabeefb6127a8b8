import { sep } from "node:path";
import { DockerloaderError } from "../errors.ts";
import { readElf } from "./elf.ts";
import { errnoOf, type FileSystem } from "./fs.ts";

const HEAD_BYTES = 4096;

function unusable(path: string, fault: string, hint: string): DockerloaderError {
  return new DockerloaderError("ENTRYPOINT_UNUSABLE", `${path} ${fault}`, { hint });
}

function exists(fs: FileSystem, path: string): boolean {
  return fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** The interpreter a `#!` line names (execve(2)): the first word after `#!`. */
function scriptInterpreter(head: Buffer): string | undefined {
  return /^#![ \t]*([^ \t\n]+)/.exec(head.toString("latin1"))?.[1];
}

/**
 * Checks what will be executed, before every exec and before anything is staged: a regular file inside its own tree,
 * not empty, executable, an ELF file of this machine or a script, with its interpreter present.
 * A zero-length executable would "run" and exit 0; that is why nothing is started unchecked.
 * Throws ENTRYPOINT_MISSING or ENTRYPOINT_UNUSABLE; other errors are the volume's.
 */
export function preflight(fs: FileSystem, tree: string, architecture: string = process.arch): void {
  const path = `${tree}/entrypoint`;
  let real: string;
  try {
    real = fs.realpathSync(path);
  } catch (error) {
    if (!["ENOENT", "ENOTDIR", "ELOOP"].includes(errnoOf(error) ?? "")) throw error;
    throw new DockerloaderError("ENTRYPOINT_MISSING", `${path} does not exist`, {
      cause: error,
      hint: "put the program, or a script that starts it, at /entrypoint of the image",
    });
  }
  if (!real.startsWith(fs.realpathSync(tree) + sep)) {
    throw unusable(
      path,
      `points to ${real}, outside its own image`,
      "make /entrypoint a file of the image or a relative link to one",
    );
  }
  const stat = fs.lstatSync(real);
  if (!stat.isFile()) throw unusable(path, "is not a regular file", "put the program itself at /entrypoint");
  if (stat.size === 0) throw unusable(path, "is empty", "put the program itself at /entrypoint");
  if ((stat.mode & 0o111) === 0) throw unusable(path, "is not executable", "set the x bits in the image (chmod 755)");
  preflightContent(fs, path, readHead(fs, real), architecture);
}

function preflightContent(fs: FileSystem, path: string, head: Buffer, architecture: string): void {
  const script = scriptInterpreter(head);
  const elf = script === undefined ? readElf(head) : undefined;
  if (script === undefined && elf === undefined) {
    throw unusable(
      path,
      "is neither an ELF program nor a script that starts with #!",
      "build it for Linux, or add a #! line",
    );
  }
  if (elf !== undefined && elf.architecture !== architecture) {
    throw unusable(
      path,
      `is built for ${elf.architecture}, this machine is ${architecture}`,
      `push an image for ${architecture}`,
    );
  }
  const interpreter = script ?? elf?.interpreter;
  if (interpreter !== undefined && !exists(fs, interpreter)) {
    throw unusable(
      path,
      `needs ${interpreter}, which this container does not have`,
      "link the program statically or use a loader image that has it",
    );
  }
}

function readHead(fs: FileSystem, path: string): Buffer {
  const fd = fs.openSync(path, "r");
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    return head.subarray(0, fs.readSync(fd, head, 0, HEAD_BYTES, 0));
  } finally {
    fs.closeSync(fd);
  }
}
