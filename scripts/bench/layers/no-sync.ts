import { closeSync, fsyncSync, openSync, writeFileSync } from "node:fs";

/**
 * The calls that wait for a disk, or have it begin: fsync, fdatasync, sync, syncfs, msync, sync_file_range. Linux' numbers: x64 from
 * arch/x86/entry/syscalls/syscall_64.tbl, arm64 from include/uapi/asm-generic/unistd.h; of the architecture (AUDIT_ARCH_*) from
 * include/uapi/linux/audit.h.
 */
const KNOWN: Readonly<Record<string, { readonly arch: number; readonly calls: readonly number[] }>> = {
  x64: { arch: 0xc000003e, calls: [74, 75, 162, 306, 26, 277] },
  arm64: { arch: 0xc00000b7, calls: [82, 83, 81, 267, 227, 84] },
};

/** Classic BPF (linux/bpf_common.h): load a word of what is known of the call; jump if equal; return. */
const [LOAD, JUMP_EQUAL, RETURN] = [0x20, 0x15, 0x06];
/** Where in struct seccomp_data (linux/seccomp.h) the words are. */
const [CALL, ARCH] = [0, 4];
/** SECCOMP_RET_ALLOW, and SECCOMP_RET_ERRNO with errno 0: the call is left out and returns 0. */
const [ALLOW, SUCCEED] = [0x7fff0000, 0x00050000];

/** One struct sock_filter; both architectures are little-endian. Jumps count the instructions that are left out. */
function instruction(code: number, value: number, ifEqual = 0, ifNot = 0): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(ifEqual, 2);
  bytes.writeUInt8(ifNot, 3);
  bytes.writeUInt32LE(value, 4);
  return bytes;
}

/** A seccomp filter with which every call that syncs succeeds at once and does nothing. */
export function noSyncFilter(architecture: string = process.arch): Buffer {
  const known = KNOWN[architecture];
  if (known === undefined) throw new Error(`no numbers of system calls are known for ${architecture}`);
  const { arch, calls } = known;
  return Buffer.concat([
    instruction(LOAD, ARCH),
    instruction(JUMP_EQUAL, arch, 0, calls.length + 1),
    instruction(LOAD, CALL),
    ...calls.map((call, index) => instruction(JUMP_EQUAL, call, calls.length - index)),
    instruction(RETURN, ALLOW),
    instruction(RETURN, SUCCEED),
  ]);
}

/** Where bwrap gets the filter. */
const DESCRIPTOR = 3;

/** The command that runs another one, and all that it starts, under the filter, which it reads from descriptor 3. */
export function withoutSync(command: readonly string[]): string[] {
  const options = ["--dev-bind", "/", "/", "--die-with-parent", "--seccomp", `${DESCRIPTOR}`];
  return ["bwrap", ...options, "--", ...command];
}

/** Calls with a descriptor of the filter, for one start: bwrap reads it to its end. */
export function withFilter<T>(file: string, start: (descriptor: number) => T): T {
  writeFileSync(file, noSyncFilter());
  const descriptor = openSync(file, "r");
  try {
    return start(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Whether this process can sync: under the filter a descriptor that is not open is synced as well as any other. */
export function canSync(): boolean {
  try {
    fsyncSync(2 ** 20);
    return false;
  } catch {
    return true;
  }
}
