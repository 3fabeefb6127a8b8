/**
 * Gives back the memory of a piece of a stream that nobody will look at again, if nothing else is in it. The collector counts objects,
 * not the bytes behind them: left to it, every thread that streams holds some 80 MiB of pieces it is done with.
 */
export function release(piece: Uint8Array): void {
  if (piece.byteLength === piece.buffer.byteLength) free(piece.buffer);
}

/** The same for a piece of a buffer that is given out from its start to its end: the last one takes the whole buffer with it. */
export function releaseBehind(piece: Uint8Array): void {
  if (piece.byteOffset + piece.byteLength === piece.buffer.byteLength) free(piece.buffer);
}

function free(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > 0) buffer.transfer(0);
}
