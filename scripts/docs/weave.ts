/**
 * Puts generated text between its marks in a document: `<!-- name -->` and `<!-- /name -->`, each on a line of its own.
 * Throws when a mark is missing: a table that silently vanishes would never be missed.
 */
export function weave(document: string, name: string, text: string): string {
  const open = `<!-- ${name} -->`;
  const close = `<!-- /${name} -->`;
  const start = document.indexOf(open);
  const end = document.indexOf(close);
  if (start < 0 || end < start) throw new Error(`the document has no ${open} ... ${close}`);
  return `${document.slice(0, start + open.length)}\n${text}\n${document.slice(end)}`;
}
