/** One challenge of a WWW-Authenticate header (RFC 9110, 11.6.1). Scheme and parameter names are lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
const BARE = /[^\s,"]+/y;
const SPACE = /[ \t]*/y;
/** All that a scheme like Negotiate has instead of parameters, up to the next comma. */
const TOKEN68 = /[ \t]+[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;
const SEPARATORS = /[ \t,]*/y;

/**
 * Parses every challenge of every header line: several in one line, quoted pairs, missing quotes and unknown schemes
 * (with a token68 or without parameters) are all met in the wild. Never throws; what cannot be read ends the line.
 */
export function parseChallenges(lines: readonly string[]): Challenge[] {
  return lines.flatMap(parseLine);
}

function parseLine(line: string): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(line);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  while (at < line.length) {
    take(SEPARATORS);
    const name = take(TOKEN)?.[0];
    if (name === undefined) break;
    const afterName = at;
    take(SPACE);
    if (line[at] === "=" && challenges.length > 0) {
      at += 1;
      take(SPACE);
      const quoted = take(QUOTED);
      const value = quoted === null ? (take(BARE)?.[0] ?? "") : (quoted[1] ?? "").replace(/\\(.)/g, "$1");
      const last = challenges.at(-1);
      const key = name.toLowerCase();
      if (last !== undefined && !Object.hasOwn(last.parameters, key)) last.parameters[key] = value;
    } else {
      at = afterName;
      take(TOKEN68);
      challenges.push({ scheme: name.toLowerCase(), parameters: {} });
    }
  }
  return challenges;
}

/** The challenge we answer: Bearer before Basic. */
export function chooseChallenge(challenges: readonly Challenge[]): Challenge | undefined {
  const byScheme = (scheme: string): Challenge | undefined =>
    challenges.find((challenge) => challenge.scheme === scheme);
  return (
    challenges.find(({ scheme, parameters }) => scheme === "bearer" && parameters["realm"] !== undefined) ??
    byScheme("basic")
  );
}
