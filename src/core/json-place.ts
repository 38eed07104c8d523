/** Byte range of a value in a JSON document. */
export interface JsonPlace {
  readonly offset: number;
  readonly length: number;
}

/**
 * The value that a JSON pointer (RFC 6901) names: `/size/x`, `/authors/0/name`. Of a key that is there twice the last one counts, as for `JSON.parse`.
 *
 * @param bytes a document that `JSON.parse` takes: what is no JSON finds anything or nothing
 */
export function findJsonPlace(bytes: Uint8Array, pointer: string): JsonPlace | undefined {
  const wanted =
    pointer === ""
      ? []
      : pointer
          .split("/")
          .slice(1)
          .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (pointer !== "" && !pointer.startsWith("/")) return undefined;
  // one character a byte: places in the text are those in the file
  const text = new TextDecoder("latin1").decode(bytes);
  let at = skipBlank(text, text.startsWith("\u00ef\u00bb\u00bf") ? 3 : 0);
  for (const name of wanted) {
    const found = text[at] === "{" ? memberOf(bytes, text, at, name) : text[at] === "[" ? elementOf(text, at, name) : undefined;
    if (found === undefined) return undefined;
    at = found;
  }
  const end = endOf(text, at);
  return end > at ? { offset: at, length: end - at } : undefined;
}

function memberOf(bytes: Uint8Array, text: string, object: number, name: string): number | undefined {
  let found: number | undefined;
  for (let at = skipBlank(text, object + 1); text[at] === '"'; ) {
    const end = endOf(text, at);
    const value = skipBlank(text, skipBlank(text, end) + 1);
    if (nameOf(bytes.subarray(at, end)) === name) found = value;
    at = skipBlank(text, endOf(text, value));
    if (text[at] !== ",") return found;
    at = skipBlank(text, at + 1);
  }
  return found;
}

function nameOf(quoted: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(quoted));
  } catch {
    return undefined;
  }
}

function elementOf(text: string, list: number, name: string): number | undefined {
  if (!/^(?:0|[1-9]\d{0,9})$/.test(name)) return undefined;
  let at = skipBlank(text, list + 1);
  for (let left = Number(name); left > 0; left--) {
    const end = endOf(text, at);
    const next = skipBlank(text, end);
    if (end === at || text[next] !== ",") return undefined;
    at = skipBlank(text, next + 1);
  }
  return text[at] === "]" ? undefined : at;
}

/** Offset behind the value that begins here. */
function endOf(text: string, at: number): number {
  const first = text[at];
  if (first === '"') {
    let end = at + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
    return Math.min(end + 1, text.length);
  }
  if (first !== "{" && first !== "[") {
    const word = /[^\s,\]}]*/y;
    word.lastIndex = at;
    return at + (word.exec(text)?.[0].length ?? 0);
  }
  let depth = 0;
  for (let end = at; end < text.length; end++) {
    const sign = text[end];
    if (sign === '"') end = endOf(text, end) - 1;
    else if (sign === "{" || sign === "[") depth++;
    else if ((sign === "}" || sign === "]") && --depth === 0) return end + 1;
  }
  return text.length;
}

function skipBlank(text: string, at: number): number {
  let next = at;
  while (next < text.length && /\s/.test(text[next]!)) next++;
  return next;
}
