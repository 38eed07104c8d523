/** Changes of a text in some places and in no other: they are noted first, and made all at once. */
export class TextCuts {
  readonly #cuts: Cut[] = [];
  readonly #lists = new Map<object, { members: readonly Range[]; gone: Set<number> }>();
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** @param depth of several additions at one place the ones to deeper values come first. */
  cut(start: number, end: number, text: string, depth = 0): void {
    this.#cuts.push({ start, end, text, depth });
  }

  /** Lines from the one of `start` to the one of `end`; after a dash only what follows it. */
  cutLines(start: number, end: number, added: string, next: number | undefined): void {
    const lineStart = this.lineStart(start);
    const alone = this.text.slice(lineStart, start).trim() === "";
    if (alone) this.cut(lineStart, this.lineEnd(end), added);
    else if (added !== "") this.cut(start, this.lineEnd(end), added.trimStart());
    else this.cut(start, next ?? end, "");
  }

  /** One of the members of a list or map in brackets. Which commas go with it depends on all that go: `finish` cuts them. */
  cutMember(list: object, members: readonly Range[], index: number): void {
    const { gone } = this.#lists.get(list) ?? { gone: new Set() };
    this.#lists.set(list, { members, gone: gone.add(index) });
  }

  /** Offset of the start of the line that holds `at`. */
  lineStart(at: number): number {
    return this.text.lastIndexOf("\n", at - 1) + 1;
  }

  /** Behind the line break of the line that holds `at`. */
  lineEnd(at: number): number {
    if (at > 0 && this.text[at - 1] === "\n") return at;
    const found = this.text.indexOf("\n", at);
    return found < 0 ? this.text.length : found + 1;
  }

  /** The text with all changes. */
  finish(): string {
    const cuts = [...this.#cuts, ...[...this.#lists.values()].flatMap(cutsOfMembers)].sort(inOrder);
    let text = "";
    let at = 0;
    for (const { start, end, text: added } of cuts) {
      if (start < at) continue; // within what has been taken out already
      text += this.text.slice(at, start);
      if (added !== "" && text !== "" && !text.endsWith("\n") && start === this.text.length) text += "\n";
      text += added;
      at = end;
    }
    return text + this.text.slice(at);
  }
}

export type Range = readonly [start: number, end: number];

function cutsOfMembers({ members, gone }: { members: readonly Range[]; gone: ReadonlySet<number> }): Cut[] {
  const cuts: Cut[] = [];
  for (let at = 0; at < members.length; at++) {
    if (!gone.has(at)) continue;
    const [start] = members[at]!;
    const before = members[at - 1];
    while (gone.has(at + 1)) at++;
    const next = members[at + 1];
    const [from, to] = next ? [start, next[0]] : [before?.[1] ?? start, members[at]![1]];
    cuts.push({ start: from, end: to, text: "", depth: 0 });
  }
  return cuts;
}

/** Other text for a range. */
interface Cut {
  start: number;
  end: number;
  text: string;
  depth: number;
}

/** Additions stand before what is cut at the same place; of two cuts the wider one counts. */
function inOrder(a: Cut, b: Cut): number {
  if (a.start !== b.start) return a.start - b.start;
  const [adds, also] = [a.start === a.end, b.start === b.end];
  if (adds !== also) return adds ? -1 : 1;
  return adds ? b.depth - a.depth : b.end - a.end;
}
