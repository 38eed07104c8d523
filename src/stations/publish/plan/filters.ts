import type { Filter } from "../profile/profile.js";

/**
 * Whether a path relative to its source is sent, by the rule of `aws s3 sync --exclude … --include …`: all is taken, and the last filter that fits decides.
 */
export function pathTaken(filters: readonly Filter[]): (path: string) => boolean {
  const compiled = filters.map(({ action, pattern }) => ({ takes: action === "include", matches: fnmatch(pattern) })).reverse();
  return (path) => {
    const units = [...path];
    return compiled.find(({ matches }) => matches(units))?.takes ?? true;
  };
}

type Part = "any" | ((character: string) => boolean);

/**
 * Python's `fnmatch` on whole paths, as the AWS CLI uses it: `*` and `?` cross `/`, `[abc]`, `[a-z]`, `[!a]`, and a `[` that is not closed is meant as it stands.
 * Time is pattern × path at worst.
 */
function fnmatch(pattern: string): (path: readonly string[]) => boolean {
  const parts = parse([...pattern]);
  return (path) => {
    let [at, part] = [0, 0];
    let [starPart, starAt] = [-1, 0];
    while (at < path.length) {
      const wanted = parts[part];
      if (wanted === "any") [starPart, starAt, part] = [part, at, part + 1];
      else if (wanted?.(path[at]!)) [at, part] = [at + 1, part + 1];
      // the last star takes one more
      else if (starPart >= 0) [starAt, at, part] = [starAt + 1, starAt + 1, starPart + 1];
      else return false;
    }
    while (parts[part] === "any") part++;
    return part === parts.length;
  };
}

function parse(pattern: readonly string[]): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!;
    if (character === "*") parts.push("any");
    else if (character === "?") parts.push(() => true);
    else if (character === "[") {
      // a `]` at the beginning of a set is one of its characters
      const from = pattern[at + 1] === "!" ? at + 2 : at + 1;
      const end = pattern.indexOf("]", from + 1);
      if (end < 0) parts.push((other) => other === "[");
      else {
        parts.push(characterSet(pattern.slice(from, end), from === at + 2));
        at = end;
      }
    } else parts.push((other) => other === character);
  }
  return parts;
}

function characterSet(members: readonly string[], negated: boolean): (character: string) => boolean {
  const ranges: [low: number, high: number][] = [];
  for (let at = 0; at < members.length; at++) {
    const low = members[at]!.codePointAt(0)!;
    const isRange = members[at + 1] === "-" && at + 2 < members.length;
    ranges.push([low, isRange ? members[at + 2]!.codePointAt(0)! : low]);
    if (isRange) at += 2;
  }
  return (character) => {
    const point = character.codePointAt(0)!;
    return ranges.some(([low, high]) => low <= point && point <= high) !== negated;
  };
}
