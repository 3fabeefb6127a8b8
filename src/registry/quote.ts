/** Most characters of somebody's value that a message shows. */
const SHOWN_CHARS = 120;
/** Most characters of a list. */
const LIST_CHARS = 400;

/** A value of a stranger for a message: as JSON, cut, and without what would turn the line around. */
export function quote(value: unknown, most = SHOWN_CHARS): string {
  return cut(JSON.stringify(value) ?? "undefined", most);
}

/** Text of a stranger for a message. */
export function cut(text: string, most = LIST_CHARS): string {
  const part = text.length > most ? `${text.slice(0, most)}…` : text;
  return part.replaceAll(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, "?");
}
