/** What follows a length that takes so many bytes. */
const sized = (bytes: number, ...parts: readonly (Buffer | readonly number[])[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length.subarray(4 - bytes), body]);
};

/** One extension (RFC 8446, 4.2). */
const extension = (kind: number, ...parts: readonly (Buffer | readonly number[])[]): Buffer =>
  Buffer.concat([Buffer.from([kind >> 8, kind & 0xff]), sized(2, ...parts)]);

/** TLS 1.3 and 1.2; what every server of today has in common with us. */
const VERSIONS = [0x03, 0x04, 0x03, 0x03];
const SUITES = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0x009c, 0x009d, 0x002f];
const GROUPS = [0x001d, 0x0017, 0x0018];
const SIGNATURES = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
const RANDOM_BYTES = 32;
const [HANDSHAKE, ALERT] = [0x16, 0x15];

const pairs = (words: readonly number[]): number[] => words.flatMap((word) => [word >> 8, word & 0xff]);

/**
 * The first message of TLS (RFC 8446, 4.1.2), which any TLS server answers and no other does. It opens no connection: it has no key, and its
 * random bytes are none. `name`: the host's, when it is no address.
 */
export function tlsGreeting(name: string | undefined): Buffer {
  const names = name === undefined ? [] : [extension(0x00, sized(2, [0x00], sized(2, Buffer.from(name, "latin1"))))];
  const hello = [
    [0x03, 0x03],
    Buffer.alloc(RANDOM_BYTES, "dockerloader"),
    sized(1),
    sized(2, pairs(SUITES)),
    sized(1, [0x00]),
    sized(
      2,
      ...names,
      extension(0x0a, sized(2, pairs(GROUPS))),
      extension(0x0b, sized(1, [0x00])),
      extension(0x0d, sized(2, pairs(SIGNATURES))),
      extension(0x2b, sized(1, VERSIONS)),
      extension(0x33, sized(2)),
    ),
  ];
  return Buffer.concat([Buffer.from([HANDSHAKE, 0x03, 0x01]), sized(2, [0x01], sized(3, ...hello))]);
}

/** True for the first bytes of what answers in TLS, be it only to refuse the greeting. */
export const isTls = (answer: Uint8Array): boolean =>
  (answer[0] === HANDSHAKE || answer[0] === ALERT) && (answer[1] ?? 0x03) === 0x03;
