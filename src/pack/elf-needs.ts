/** What a dynamically linked ELF file needs from the file system to start (System V gABI, chapter 5). */
export interface ElfNeeds {
  /** Path of the dynamic linker (PT_INTERP); undefined for a static program and for a library. */
  readonly interpreter: string | undefined;
  /** Names of the libraries (DT_NEEDED). */
  readonly libraries: readonly string[];
}

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1;
const DT_STRTAB = 5;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/** Reads a whole ELF file. Undefined when it is none, or one so odd that nothing can be said. */
export function elfNeeds(file: Buffer): ElfNeeds | undefined {
  try {
    return file.length >= 64 && file.readUInt32BE(0) === 0x7f454c46 ? read(file) : undefined;
  } catch (error) {
    // An offset beyond the end.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function read(file: Buffer): ElfNeeds {
  const wide = file[4] === 2;
  const little = file[5] === 1;
  const half = (at: number): number => (little ? file.readUInt16LE(at) : file.readUInt16BE(at));
  const int = (at: number): number => (little ? file.readUInt32LE(at) : file.readUInt32BE(at));
  const long = (at: number): number => Number(little ? file.readBigUInt64LE(at) : file.readBigUInt64BE(at));
  const word = wide ? long : int;
  const text = (at: number): string => file.subarray(at, file.indexOf(0, at)).toString("utf8");

  const table = word(wide ? 32 : 28);
  const size = half(wide ? 54 : 42);
  const segments = Array.from({ length: half(wide ? 56 : 44) }, (_, index): Segment => {
    const at = table + index * size;
    return {
      type: int(at),
      offset: word(at + (wide ? 8 : 4)),
      address: word(at + (wide ? 16 : 8)),
      size: word(at + (wide ? 32 : 16)),
    };
  });
  const interpreter = segments.find(({ type }) => type === PT_INTERP);
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  const entries: { readonly tag: number; readonly value: number }[] = [];
  const step = wide ? 16 : 8;
  const { offset: begin, size: length } = dynamic ?? { offset: 0, size: 0 };
  for (let at = begin; at < begin + length; at += step) {
    entries.push({ tag: word(at), value: word(at + step / 2) });
  }
  const address = entries.find(({ tag }) => tag === DT_STRTAB)?.value ?? 0;
  const holder = segments.find(
    (one) => one.type === PT_LOAD && address >= one.address && address < one.address + one.size,
  );
  const strings = holder === undefined ? undefined : address - holder.address + holder.offset;
  const needed = strings === undefined ? [] : entries.filter(({ tag }) => tag === DT_NEEDED);
  return {
    interpreter: interpreter === undefined ? undefined : text(interpreter.offset),
    libraries: needed.map(({ value }) => text((strings ?? 0) + value)),
  };
}
