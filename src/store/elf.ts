/** What an ELF file says about the machine it runs on (System V gABI, chapter 4 and 5). */
export interface ElfFacts {
  /** Node's name of the architecture, e.g. `x64`; the raw number when it has none. */
  readonly architecture: string;
  /** Path of the dynamic linker it asks for (PT_INTERP), when there is one within the bytes given. */
  readonly interpreter: string | undefined;
}

const ARCHITECTURES: Readonly<Record<number, string>> = {
  3: "ia32",
  40: "arm",
  62: "x64",
  183: "arm64",
  243: "riscv64",
  258: "loong64",
  21: "ppc64",
  22: "s390x",
};
const PT_INTERP = 3;

/** Reads the head of an ELF file. Undefined when the bytes are no ELF file or are cut within its header. */
export function readElf(head: Buffer): ElfFacts | undefined {
  if (head.length < 52 || head.readUInt32BE(0) !== 0x7f454c46) return undefined;
  const wide = head[4] === 2;
  if (wide && head.length < 64) return undefined;
  const little = head[5] === 1;
  const u16 = (at: number): number => (little ? head.readUInt16LE(at) : head.readUInt16BE(at));
  const u32 = (at: number): number => (little ? head.readUInt32LE(at) : head.readUInt32BE(at));
  const word = (at: number): number =>
    wide ? Number(little ? head.readBigUInt64LE(at) : head.readBigUInt64BE(at)) : u32(at);

  const machine = u16(18);
  const architecture = ARCHITECTURES[machine] ?? `machine ${machine}`;
  const table = word(wide ? 32 : 28);
  const entrySize = u16(wide ? 54 : 42);
  const entries = u16(wide ? 56 : 44);
  for (let index = 0; index < entries; index += 1) {
    const at = table + index * entrySize;
    if (at + entrySize > head.length || entrySize < 32) break;
    if (u32(at) !== PT_INTERP) continue;
    const offset = word(at + (wide ? 8 : 4));
    const size = word(at + (wide ? 32 : 16));
    if (size === 0 || offset + size > head.length) break;
    return {
      architecture,
      interpreter: head
        .subarray(offset, offset + size)
        .toString("utf8")
        .replace(/\0.*$/s, ""),
    };
  }
  return { architecture, interpreter: undefined };
}
