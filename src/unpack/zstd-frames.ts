import type { ByteCursor } from "./byte-cursor.ts";
import { LayerFault } from "./faults.ts";

const FRAME = 0xfd2fb528;
const MAGIC_BYTES = 4;
const SKIPPABLE_HEADER_BYTES = 8;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];

const cut = (): LayerFault => new LayerFault("LAYER_CORRUPT", "A49", "the zstd stream ends within a frame");
const damaged = (what: string): LayerFault => new LayerFault("LAYER_CORRUPT", "A45", what);

const isSkippable = (magic: number): boolean => (magic & 0xfffffff0) >>> 0 === 0x184d2a50;

/** True for bytes that begin with a zstd frame, a skippable one included (RFC 8878, sections 3.1.1 and 3.1.2). */
export function isZstd(head: Buffer): boolean {
  if (head.length < MAGIC_BYTES) return false;
  const magic = head.readUInt32LE(0);
  return magic === FRAME || isSkippable(magic);
}

/**
 * Moves to the next frame with data; false at the end of the stream. Node's decoder stops after the first frame without a word,
 * so every frame gets a decoder of its own (rule A45).
 */
export async function nextFrame(cursor: ByteCursor): Promise<boolean> {
  for (;;) {
    const head = await cursor.peek(MAGIC_BYTES);
    if (head.length === 0) return false;
    if (!isZstd(head)) {
      if (head.length < MAGIC_BYTES) throw cut();
      throw damaged("bytes that are no zstd frame follow one");
    }
    if (head.readUInt32LE(0) === FRAME) return true;
    const header = await cursor.peek(SKIPPABLE_HEADER_BYTES);
    if (header.length < SKIPPABLE_HEADER_BYTES) throw cut();
    await skip(cursor, SKIPPABLE_HEADER_BYTES + header.readUInt32LE(MAGIC_BYTES));
  }
}

async function skip(cursor: ByteCursor, count: number): Promise<void> {
  for (let left = count; left > 0; left -= cursor.take(left).length) {
    if ((await cursor.peek(1)).length === 0) throw cut();
  }
}

function headerBytes(descriptor: number): number {
  const single = (descriptor >> 5) & 1;
  const content = descriptor >> 6;
  const size = content === 0 ? single : (CONTENT_SIZE_BYTES[content] ?? 0);
  return MAGIC_BYTES + 1 + (1 - single) + (DICTIONARY_ID_BYTES[descriptor & 3] ?? 0) + size;
}

/** The bytes of one frame, which has to begin at the cursor, in pieces as large as the chunks allow (RFC 8878, section 3.1.1). */
export async function* frameBytes(cursor: ByteCursor): AsyncGenerator<Buffer> {
  const head = await cursor.peek(MAGIC_BYTES + 1);
  const descriptor = head[MAGIC_BYTES];
  if (descriptor === undefined) throw cut();
  const checksum = ((descriptor >> 2) & 1) * CHECKSUM_BYTES;
  // Bytes from the cursor on that are known to belong to the frame.
  let planned = headerBytes(descriptor);
  let last = false;
  for (;;) {
    const held = await cursor.peek(planned === 0 ? BLOCK_HEADER_BYTES : 1);
    while (!last && planned + BLOCK_HEADER_BYTES <= held.length) {
      const block = held.readUIntLE(planned, BLOCK_HEADER_BYTES);
      last = (block & 1) === 1;
      planned += BLOCK_HEADER_BYTES + blockBytes(block);
      if (last) planned += checksum;
    }
    if (planned === 0 || held.length === 0) throw cut();
    const piece = cursor.take(planned);
    planned -= piece.length;
    yield piece;
    if (last && planned === 0) return;
  }
}

function blockBytes(header: number): number {
  const type = (header >> 1) & 3;
  if (type === 3) throw damaged("a zstd block has the reserved type");
  const isRunLength = type === 1;
  return isRunLength ? 1 : header >> 3;
}
