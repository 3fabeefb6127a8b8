import { createHash, type Hash, hash } from "node:crypto";

/** SHA-256 of one file after the other. A small file comes in one piece and costs a single call. */
export class ContentHash {
  #open: Hash | undefined;

  /** A piece; answers the hash, in lower-case hexadecimal, when it was the last one. */
  add(piece: Uint8Array, last: boolean): string {
    if (this.#open === undefined && last) return hash("sha256", piece, "hex");
    const open = (this.#open ??= createHash("sha256"));
    open.update(piece);
    if (!last) return "";
    this.#open = undefined;
    return open.digest("hex");
  }
}
