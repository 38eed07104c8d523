/** One step of a glob: a character by its code point, `some` for any number of characters, or those that lie in (or outside of) ranges of code points. */
export type GlobPart = number | "some" | { readonly negated: boolean; readonly ranges: readonly CodeRange[] };

type CodeRange = readonly [low: number, high: number];

export interface GlobDialect {
  /** As in a shell, `\` escapes a character, `[^a]` is `[!a]`, and a bracket must close. Default: Python's `fnmatch`, without these. */
  shell?: boolean | undefined;
  /** Called for an invalid part; it may throw. If it does not, a reversed range matches no character and a bracket is literal. */
  fault?: ((fault: string) => void) | undefined;
}

/** The parts of a glob on one text: `*` for any characters, `?` for one, `[abc]`, `[a-z]`, `[!a]`. A `]` at the beginning of a set is one of its members. */
export function parseGlob(text: string, { shell = false, fault = () => {} }: GlobDialect = {}): GlobPart[] {
  const chars = [...text];
  const parts: GlobPart[] = [];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at]!;
    if (char === "*") {
      if (parts.at(-1) !== "some") parts.push("some");
    } else if (char === "?") parts.push({ negated: true, ranges: [] });
    else if (char === "[" && closingBracket(chars, at, shell) >= 0) {
      const end = closingBracket(chars, at, shell);
      parts.push(setOf(chars.slice(at + 1, end), shell, fault));
      at = end;
    } else if (char === "\\" && shell) {
      if (++at === chars.length) fault("ends with a backslash");
      parts.push((chars[at] ?? char).codePointAt(0)!);
    } else {
      if (char === "[" && shell) fault("has a bracket that is not closed");
      parts.push(char.codePointAt(0)!);
    }
  }
  return parts;
}

function setOf(members: readonly string[], shell: boolean, fault: (fault: string) => void): GlobPart {
  if (members.length === 1) return members[0]!.codePointAt(0)!;
  const negated = isNegation(members[0], shell);
  const listed = negated ? members.slice(1) : members;
  const ranges: CodeRange[] = [];
  for (let at = 0; at < listed.length; at++) {
    const low = listed[at]!.codePointAt(0)!;
    const isRange = listed[at + 1] === "-" && listed[at + 2] !== undefined;
    const high = isRange ? listed[at + 2]!.codePointAt(0)! : low;
    if (high < low) fault(`has the reversed range ${listed.slice(at, at + 3).join("")}`);
    ranges.push([low, high]);
    if (isRange) at += 2;
  }
  return { negated, ranges };
}

/** Index of the `]` that closes the set whose `[` is at `at`, or -1. */
export function closingBracket(chars: string | readonly string[], at: number, shell: boolean): number {
  return chars.indexOf("]", at + (isNegation(chars[at + 1], shell) ? 3 : 2));
}

function isNegation(char: string | undefined, shell: boolean): boolean {
  return char === "!" || (shell && char === "^");
}

/**
 * Whether a glob matches a whole text. Time grows with parts × text at most: there is no backtracking that a malicious name could exploit.
 */
export function matchesGlob(parts: readonly GlobPart[], text: string): boolean {
  let part = 0;
  let at = 0;
  // the last star, and the start of the text after its match: an earlier star never needs to match more
  let star = -1;
  let behindStar = 0;
  while (at < text.length) {
    const wanted = parts[part];
    const code = text.codePointAt(at)!;
    if (wanted === "some") {
      star = part++;
      behindStar = at;
    } else if (wanted !== undefined && matchesCode(wanted, code)) {
      part++;
      at += unitsOf(code);
    } else if (star >= 0) {
      part = star + 1;
      behindStar += unitsOf(text.codePointAt(behindStar)!);
      at = behindStar;
    } else return false;
  }
  while (parts[part] === "some") part++;
  return part === parts.length;
}

function matchesCode(part: Exclude<GlobPart, "some">, code: number): boolean {
  if (typeof part === "number") return part === code;
  return part.ranges.some(([low, high]) => low <= code && code <= high) !== part.negated;
}

function unitsOf(code: number): number {
  return code > 0xffff ? 2 : 1;
}
