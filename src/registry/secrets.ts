/** The secrets that one client has used so far. */
export interface Secrets {
  readonly add: (...secrets: readonly (string | undefined)[]) => void;
  /** Text of a server, which may repeat what we sent to it, without them. */
  readonly hide: (text: string) => string;
}

/** Shorter than this a secret is found in everything; and it is none. */
const SHORTEST = 4;

export function createSecrets(): Secrets {
  const known = new Set<string>();
  return {
    add: (...secrets) => {
      for (const secret of secrets) if (secret !== undefined && secret.length >= SHORTEST) known.add(secret);
    },
    hide: (text) => {
      // The longest first: one may be a part of another.
      const longestFirst = [...known].toSorted((one, other) => other.length - one.length);
      return longestFirst.reduce((clean, secret) => clean.replaceAll(secret, "***"), text);
    },
  };
}
