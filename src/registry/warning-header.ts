const WARNING = /^299 (?:-|"-") "((?:[^"\\]|\\.)*)"$/;
const LONGEST = 4096;

/**
 * The texts of `Warning` headers (distribution-spec, "Warnings"): for people, never acted upon. Anything but the exact
 * form, with control characters or too long, is not shown.
 */
export function warningsOf(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const text = line.length > LONGEST ? undefined : WARNING.exec(line.trim())?.[1];
    const plain = text?.replace(/\\(.)/g, "$1");
    return plain === undefined || /[\p{Cc}\p{Bidi_Control}]/u.test(plain) ? [] : [plain];
  });
}
