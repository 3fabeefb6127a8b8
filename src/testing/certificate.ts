import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";

/** Who a server says it is: PEM texts. The certificate is its own authority: whoever trusts it trusts the server. */
export interface ServerIdentity {
  readonly certificate: string;
  readonly key: string;
}

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const BOOLEAN_TRUE = Buffer.from("0101ff", "hex");
/** Object identifiers, encoded. */
const ECDSA_WITH_SHA256 = Buffer.from("2a8648ce3d040302", "hex");
const COMMON_NAME = Buffer.from("550403", "hex");
const SUBJECT_ALT_NAME = Buffer.from("551d11", "hex");
const BASIC_CONSTRAINTS = Buffer.from("551d13", "hex");
const DAY_MS = 86_400_000;
const LIFETIME_DAYS = 30;

/** One element of DER (X.690): tag, length, content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const utcTime = (ms: number): Buffer =>
  der(UTC_TIME, Buffer.from(`${new Date(ms).toISOString().replaceAll(/[-:T]/g, "").slice(2, 14)}Z`));

/** A GeneralName (RFC 5280, 4.2.1.6): an IPv4 address or a DNS name. */
const generalName = (name: string): Buffer =>
  isIP(name) === 4 ? der(0x87, Buffer.from(name.split(".").map(Number))) : der(0x82, Buffer.from(name));

const pem = (bytes: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${bytes.toString("base64").replaceAll(/.{64}/g, "$&\n").trimEnd()}\n-----END CERTIFICATE-----\n`;

/**
 * Makes a key and a certificate for it, valid from yesterday for some weeks, for these DNS names and IPv4 addresses. Node can read
 * certificates, not write them; this writes the few fields that a server on loopback needs (RFC 5280, 4.1), for tests only.
 */
export function createIdentity(names: readonly string[] = ["127.0.0.1", "localhost"]): ServerIdentity {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = der(SEQUENCE, der(OBJECT_ID, ECDSA_WITH_SHA256));
  const common = der(SEQUENCE, der(OBJECT_ID, COMMON_NAME), der(UTF8_STRING, Buffer.from(names[0] ?? "localhost")));
  const name = der(SEQUENCE, der(SET, common));
  const now = Date.now();
  const extension = (id: Buffer, value: Buffer, critical = Buffer.alloc(0)): Buffer =>
    der(SEQUENCE, der(OBJECT_ID, id), critical, der(OCTET_STRING, value));
  // A leading byte between 1 and 127 keeps the number positive and in its shortest form.
  const serial = Buffer.concat([Buffer.from([0x5a]), randomBytes(15)]);
  const facts = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, serial),
    algorithm,
    name,
    der(SEQUENCE, utcTime(now - DAY_MS), utcTime(now + LIFETIME_DAYS * DAY_MS)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(
      0xa3,
      der(
        SEQUENCE,
        extension(BASIC_CONSTRAINTS, der(SEQUENCE, BOOLEAN_TRUE), BOOLEAN_TRUE),
        extension(SUBJECT_ALT_NAME, der(SEQUENCE, ...names.map(generalName))),
      ),
    ),
  );
  const signature = der(BIT_STRING, Buffer.from([0]), sign("sha256", facts, privateKey));
  return {
    certificate: pem(der(SEQUENCE, facts, algorithm, signature)),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}
