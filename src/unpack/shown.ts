/** Most characters of a name that a message shows. */
const SHOWN_CHARS = 256;

/** A name for people: bytes outside printable ASCII as `\xNN`, cut after 256 characters. Names are latin1 strings: one character a byte. */
export function shown(name: string): string {
  const cut = name.length > SHOWN_CHARS ? `${name.slice(0, SHOWN_CHARS)}...` : name;
  return cut.replaceAll(/[^ -~]|["\\]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
