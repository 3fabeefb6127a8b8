import { isIP } from "node:net";
import { join } from "node:path";
import { must } from "../../../container/support/command.ts";

export interface Pair {
  /** Paths of PEM files. */
  readonly certificate: string;
  readonly key: string;
}

/** A certificate authority of openssl. */
export interface Authority extends Pair {
  /** A certificate for a server or a client of this name or address. */
  readonly issue: (name: string) => Promise<Pair>;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];

/** Makes an authority in a folder; `newKey` chooses the kind of its key. */
export async function openAuthority(
  folder: string,
  name: string,
  newKey: readonly string[] = NEW_KEY,
): Promise<Authority> {
  const pairOf = (file: string): Pair => ({
    certificate: join(folder, `${file}.crt`),
    key: join(folder, `${file}.key`),
  });
  const make = async ({ certificate, key }: Pair, ...args: string[]): Promise<void> => {
    await must("openssl", ["req", "-x509", "-keyout", key, "-out", certificate, ...args]);
  };
  const own = pairOf(name);
  await make(own, ...newKey, "-subj", `/CN=${name}`);
  return {
    ...own,
    issue: async (subject) => {
      const pair = pairOf(subject);
      const signer = ["-CA", own.certificate, "-CAkey", own.key];
      const facts = [
        "-addext",
        `subjectAltName=${isIP(subject) === 0 ? "DNS" : "IP"}:${subject}`,
        "-addext",
        "basicConstraints=critical,CA:FALSE",
      ];
      await make(pair, ...NEW_KEY, ...signer, "-subj", `/CN=${subject}`, ...facts);
      return pair;
    },
  };
}
