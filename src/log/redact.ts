/** What a secret looks like in text: bearer and basic credentials, and passwords in URLs. */
const PATTERNS: readonly [RegExp, string][] = [
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, "$1 ***"],
  [/:\/\/[^\s/@:]+:[^\s/@]+@/g, "://***@"],
  [
    /\b(authorization|password|passwd|secret|token|identitytoken|_auth)(["']?\s*[=:]\s*["']?)[^\s"',;]{4,}/gi,
    "$1$2***",
  ],
];

/**
 * The second net behind "never put a secret into an event": masks what looks like a credential and
 * strips control and bidirectional characters, so that text of a registry cannot forge or recolour a line.
 */
export function redact(text: string): string {
  let clean = text.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]+/gu, " ");
  for (const [pattern, mask] of PATTERNS) clean = clean.replace(pattern, mask);
  return clean;
}
