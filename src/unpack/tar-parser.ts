import type { Limits } from "../limits.ts";
import { LayerFault } from "./faults.ts";
import { shown } from "./shown.ts";
import type { PaxRecords } from "./pax.ts";
import { parsePax } from "./pax.ts";
import type { TarHeader } from "./tar-header.ts";
import { BLOCK, isZeroBlock, parseHeader } from "./tar-header.ts";

/** One entry, extended headers merged. */
export interface TarEntry extends TarHeader {
  /** Names of extended attributes that the archive states. */
  readonly xattrs: readonly string[];
}

/** What the parser reports, in the order of the archive: `entry`, its `data` in pieces, `end`. Pieces are only valid during the call. */
export interface TarSink {
  entry(entry: TarEntry): void;
  data(piece: Buffer): void;
  end(): void;
  /** A global extended header, which never changes an entry (rule A42). */
  global(): void;
}

type State = "header" | "extended" | "body" | "padding" | "trailer";

/** Types whose entries have no data whatever their size field says (rule A40). */
const HEADER_ONLY = "123456";
const EXTENDED = "xgLK";

/**
 * A tar parser that is pushed chunks of any size. It reads what Go's archive/tar reads (rules A36 to A43), so that we see
 * the same entries as the tools that built and checked the image. Constant memory: a header and one extended header.
 */
export class TarParser {
  readonly #sink: TarSink;
  readonly #limits: Limits;
  #state: State = "header";
  #offset = 0;
  readonly #block = Buffer.alloc(BLOCK);
  #filled = 0;
  #zeroSeen = false;
  #left = 0;
  #padding = 0;
  #extended: { readonly type: string; readonly bytes: Buffer } | undefined;
  #extendedTotal = 0;
  #pax: PaxRecords | undefined;
  #longName: string | undefined;
  #longLink: string | undefined;
  #trailing = 0;

  constructor(sink: TarSink, limits: Limits) {
    this.#sink = sink;
    this.#limits = limits;
  }

  /** Bytes other than zero after the end of the archive. */
  get trailing(): number {
    return this.#trailing;
  }

  /** Throws a LayerFault, or what the sink throws; the parser is of no use afterwards. */
  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      const used = this.#step(rest);
      this.#offset += used;
      rest = rest.subarray(used);
    }
  }

  /** To be called at the end of the stream. An end at a record boundary, or within padding, is a proper one. */
  finish(): void {
    const pending = this.#pax !== undefined || this.#longName !== undefined || this.#longLink !== undefined;
    if (this.#state === "trailer" || (this.#state === "padding" && !pending)) return;
    if (this.#state === "header" && this.#filled === 0 && (this.#zeroSeen || !pending)) return;
    throw new LayerFault("LAYER_CORRUPT", "A49", `the archive ends early, after ${this.#offset} bytes`);
  }

  #step(bytes: Buffer): number {
    switch (this.#state) {
      case "header":
        return this.#takeHeader(bytes);
      case "extended":
        return this.#takeExtended(bytes);
      case "body":
        return this.#takeBody(bytes);
      case "padding":
        return this.#takePadding(bytes);
      case "trailer":
        break;
    }
    for (const byte of bytes) if (byte !== 0) this.#trailing += 1;
    return bytes.length;
  }

  #takePadding(bytes: Buffer): number {
    const used = Math.min(bytes.length, this.#padding);
    this.#padding -= used;
    if (this.#padding === 0) this.#state = "header";
    return used;
  }

  #takeHeader(bytes: Buffer): number {
    if (this.#filled === 0 && bytes.length >= BLOCK) {
      this.#header(bytes.subarray(0, BLOCK));
      return BLOCK;
    }
    const used = bytes.copy(this.#block, this.#filled, 0, BLOCK - this.#filled);
    this.#filled += used;
    if (this.#filled === BLOCK) {
      this.#filled = 0;
      this.#header(this.#block);
    }
    return used;
  }

  #header(block: Buffer): void {
    if (isZeroBlock(block)) {
      if (this.#zeroSeen) this.#state = "trailer";
      this.#zeroSeen = true;
      return;
    }
    if (this.#zeroSeen) throw new LayerFault("LAYER_CORRUPT", "A36", "data follows a single block of zeros");
    const header = parseHeader(block);
    if (EXTENDED.includes(header.type)) this.#beginExtended(header);
    else this.#beginEntry(this.#merge(header));
  }

  #beginExtended({ type, size }: TarHeader): void {
    this.#extendedTotal += size;
    if (size < 0) throw new LayerFault("LAYER_CORRUPT", "A39", "an extended header has a negative size");
    if (size > this.#limits.extendedHeaderBytes || this.#extendedTotal > this.#limits.extendedHeadersBytes) {
      throw new LayerFault(
        "LAYER_LIMIT",
        "A41",
        `extended headers are larger than ${this.#limits.extendedHeaderBytes} bytes each or ${this.#limits.extendedHeadersBytes} bytes in all`,
      );
    }
    this.#extended = { type, bytes: Buffer.alloc(size) };
    this.#expect("extended", size);
    if (size === 0) this.#endExtended();
  }

  #takeExtended(bytes: Buffer): number {
    const target = this.#extended?.bytes ?? Buffer.alloc(0);
    const used = bytes.copy(target, target.length - this.#left);
    this.#left -= used;
    if (this.#left === 0) this.#endExtended();
    return used;
  }

  #endExtended(): void {
    const { type, bytes } = this.#extended ?? { type: "", bytes: Buffer.alloc(0) };
    this.#extended = undefined;
    this.#state = this.#padding === 0 ? "header" : "padding";
    const toNul = (): string => bytes.toString("latin1").split("\0", 1)[0] ?? "";
    if (type === "x") this.#pax = parsePax(bytes);
    else if (type === "L") this.#longName = toNul();
    else if (type === "K") this.#longLink = toNul();
    else {
      parsePax(bytes);
      this.#forgetExtended();
      this.#sink.global();
    }
  }

  #forgetExtended(): void {
    this.#pax = undefined;
    this.#longName = undefined;
    this.#longLink = undefined;
  }

  /** Extended headers change the next real header only, never one another (rule A41); GNU names win over PAX (rule A43). */
  #merge(header: TarHeader): TarEntry {
    const pax = this.#pax;
    const name = this.#longName || pax?.path || header.name;
    const linkname = this.#longLink || pax?.linkpath || header.linkname;
    this.#forgetExtended();
    if (pax?.sparse === true || header.type === "S") {
      throw new LayerFault(
        "LAYER_UNSUPPORTED",
        "A29",
        `"${shown(name)}" is a sparse file`,
        "build the layer without --sparse",
      );
    }
    const type = header.type === "\0" ? (name.endsWith("/") ? "5" : "0") : header.type;
    const size = HEADER_ONLY.includes(type) ? 0 : (pax?.size ?? header.size);
    if (size < 0) throw new LayerFault("LAYER_CORRUPT", "A39", `"${shown(name)}" has a negative size`);
    return {
      name,
      linkname,
      type,
      size,
      mode: header.mode,
      uid: pax?.uid ?? header.uid,
      gid: pax?.gid ?? header.gid,
      mtime: pax?.mtime ?? header.mtime,
      xattrs: pax?.xattrs ?? [],
    };
  }

  #beginEntry(entry: TarEntry): void {
    this.#sink.entry(entry);
    this.#expect("body", entry.size);
    if (entry.size === 0) this.#endBody();
  }

  #takeBody(bytes: Buffer): number {
    const used = Math.min(bytes.length, this.#left);
    this.#sink.data(used === bytes.length ? bytes : bytes.subarray(0, used));
    this.#left -= used;
    if (this.#left === 0) this.#endBody();
    return used;
  }

  #endBody(): void {
    this.#state = this.#padding === 0 ? "header" : "padding";
    this.#sink.end();
  }

  #expect(state: State, size: number): void {
    this.#state = state;
    this.#left = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
  }
}
