/** The element with this id; the page is ours, so a missing one is a defect that must not be silent. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/** Sets text only when it differs: an unchanged live region is not read out again. */
export function setText(element: Element | null, text: string): void {
  if (element !== null && element.textContent !== text) element.textContent = text;
}

export function make(tag: string, className: string, text = ""): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** Twelve digits tell versions apart; the whole digest is in the title. */
export function digestText(digest: string): string {
  return digest.slice(0, 19);
}

export function makeDigest(digest: string): HTMLElement {
  const element = make("span", "mono small", digestText(digest));
  element.title = digest;
  return element;
}

/** The lines of one card, from its largest to its smallest. */
export function fillCard(id: string, tone: string, lines: readonly [string, string, string]): void {
  const card = byId(id);
  const [big, small, soft] = lines;
  const head = card.querySelector(".big");
  if (head !== null) head.className = `big ${tone}`;
  setText(head, big);
  setText(card.querySelector(".mono"), small);
  setText(card.querySelector(".soft"), soft);
}
