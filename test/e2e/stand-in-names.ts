/**
 * Texts that several patterns accept at once: what a file must be called so that a glob, a `match_regex` and a `name_regex` all find it.
 *
 * Each pattern becomes a nondeterministic automaton; their product is searched breadth first, so that the shortest texts come first. Look-around
 * and back references are taken for empty: whoever asks checks the answer with the pattern itself (`matching`).
 */

export type Expression =
  | { kind: "character"; accepts: (character: string) => boolean; samples: readonly string[]; favourite?: string }
  | { kind: "sequence" | "choice"; parts: readonly Expression[] }
  | { kind: "repeat"; part: Expression; min: number; max: number }
  | { kind: "group"; index: number; part: Expression }
  | { kind: "start" | "end" };

/** An expression that does not see what stands before a text. */
export interface Bare {
  readonly bare: Expression;
}

/** What stands for a character that may be any. */
const ANY_SAMPLES = ["x", "1", "."];
const EMPTY: Expression = { kind: "sequence", parts: [] };
/** How often one state of the product is entered: more than once, so that there is a choice of texts. */
const VISITS = 6;
const STEPS_MAX = 400_000;

export function text(value: string): Expression {
  return sequence(...[...value].map((one): Expression => ({ kind: "character", accepts: (c) => c === one, samples: [one] })));
}

export function sequence(...parts: Expression[]): Expression {
  return { kind: "sequence", parts };
}

export function optional(part: Expression): Expression {
  return { kind: "repeat", part, min: 0, max: 1 };
}

/** Any characters, none included. */
export function anything(accepts: (character: string) => boolean = () => true): Expression {
  return { kind: "repeat", part: { kind: "character", accepts, samples: ANY_SAMPLES.filter(accepts) }, min: 0, max: Infinity };
}

/** Paths that a glob finds. Wildcards stand for one character at least, and for names that do not begin with a dot. */
export function globExpression(glob: string): Expression {
  const parts: Expression[] = [];
  const name = (dot: boolean): Expression => ({
    kind: "character",
    accepts: (c) => c !== "/" && (dot || c !== "."),
    samples: ["x", "1"],
  });
  for (const [at, segment] of glob.split("/").entries()) {
    if (at > 0) parts.push(text("/"));
    if (segment === "**") {
      parts.push(
        sequence(
          name(false),
          anything((c) => c !== "/"),
        ),
      );
      continue;
    }
    for (let i = 0; i < segment.length; i++) {
      const char = segment[i]!;
      const end = char === "[" ? segment.indexOf("]", i + (segment[i + 1] === "!" ? 3 : 2)) : -1;
      if (char === "*")
        parts.push(
          sequence(
            name(i > 0),
            anything((c) => c !== "/"),
          ),
        );
      else if (char === "?") parts.push(name(i > 0));
      else if (end > 0) {
        const body = segment
          .slice(i + 1, end)
          .replace(/^!/, "^")
          .replace(/[[\\]/g, "\\$&");
        parts.push(parse(`[${body}]`, {}));
        i = end;
      } else parts.push(text(char));
    }
  }
  return sequence(...parts);
}

export interface RegexOptions {
  /** What the first group stands for. */
  group?: string | undefined;
  /** Characters that no part of it may match: a `.` in the pattern for a name is no slash. */
  without?: string | undefined;
  /** It stands between other texts: `^` and `$` mean nothing. */
  inside?: boolean | undefined;
}

/** Texts that a regular expression matches as a whole. */
export function regexExpression(source: string, options: RegexOptions = {}): Expression {
  return parse(source, options);
}

/** Texts in which a regular expression is found. */
export function searchExpression(source: string): Expression {
  return sequence(anything(), parse(source, {}), anything());
}

const CLASSES: Record<string, { accepts: (c: string) => boolean; samples: string[] }> = {
  d: { accepts: (c) => /\d/.test(c), samples: ["1", "0"] },
  w: { accepts: (c) => /\w/.test(c), samples: ["x", "1", "_"] },
  s: { accepts: (c) => /\s/.test(c), samples: [" "] },
  D: { accepts: (c) => /\D/.test(c), samples: ["x", "_"] },
  W: { accepts: (c) => /\W/.test(c), samples: ["-", "."] },
  S: { accepts: (c) => /\S/.test(c), samples: ANY_SAMPLES },
};

function parse(source: string, { group, without = "", inside = false }: RegexOptions): Expression {
  let at = 0;
  let groups = 0;
  const character = (accepts: (c: string) => boolean, samples: readonly string[]): Expression => {
    const allowed = (c: string) => c !== "\n" && !without.includes(c) && accepts(c);
    return { kind: "character", accepts: allowed, samples: samples.filter(allowed) };
  };
  const choice = (): Expression => {
    const parts = [branch()];
    while (source[at] === "|") {
      at++;
      parts.push(branch());
    }
    return parts.length === 1 ? parts[0]! : { kind: "choice", parts };
  };
  const branch = (): Expression => {
    const parts: Expression[] = [];
    while (at < source.length && source[at] !== "|" && source[at] !== ")") parts.push(repeated(atom()));
    return sequence(...parts);
  };
  const repeated = (part: Expression): Expression => {
    const match = /^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})[?+]?/.exec(source.slice(at));
    if (!match) return part;
    at += match[0].length;
    const [, sign, low, comma, high] = match;
    const min = sign ? (sign === "+" ? 1 : 0) : Number(low);
    const max = sign ? (sign === "?" ? 1 : Infinity) : comma ? (high === "" ? Infinity : Number(high)) : min;
    return repeated({ kind: "repeat", part, min, max });
  };
  const atom = (): Expression => {
    const char = source[at++]!;
    if (char === "(") return parenthesis();
    if (char === "[") return bracket();
    if (char === "^") return inside ? EMPTY : { kind: "start" };
    if (char === "$") return inside ? EMPTY : { kind: "end" };
    // a dot that stands alone is mostly one that somebody forgot to escape
    if (char === ".") {
      const any = character(() => true, ANY_SAMPLES);
      return any.kind !== "character" || /^[*+{]/.test(source.slice(at)) ? any : { ...any, favourite: "." };
    }
    if (char !== "\\") return character((c) => c === char, [char]);
    const escaped = source[at++]!;
    if (/[bB1-9]/.test(escaped)) return EMPTY;
    const set = CLASSES[escaped];
    const meant = { t: "\t", n: "\n", r: "\r" }[escaped] ?? escaped;
    return set ? character(set.accepts, set.samples) : character((c) => c === meant, [meant]);
  };
  const parenthesis = (): Expression => {
    const special = /^\?(?:(:)|(?:P?<([A-Za-z_]\w*)>)|(<?[=!]))/.exec(source.slice(at));
    at += special?.[0].length ?? 0;
    const isCapture = !special || special[2] !== undefined;
    const index = isCapture ? ++groups : 0;
    const part = choice();
    at++;
    if (special?.[3]) return EMPTY;
    if (index === 1 && group !== undefined) return text(group);
    return isCapture ? { kind: "group", index, part } : part;
  };
  const bracket = (): Expression => {
    const negated = source[at] === "^";
    if (negated) at++;
    const tests: ((c: string) => boolean)[] = [];
    const samples: string[] = [];
    const member = (): string | undefined => {
      const char = source[at++]!;
      if (char !== "\\") return char;
      const escaped = source[at++]!;
      const set = CLASSES[escaped];
      if (!set) return escaped;
      tests.push(set.accepts);
      samples.push(...set.samples);
      return undefined;
    };
    for (let first = true; source[at] !== "]" || first; first = false) {
      const low = member();
      if (low === undefined) continue;
      if (source[at] === "-" && source[at + 1] !== "]") {
        at++;
        const high = member() ?? low;
        tests.push((c) => c >= low && c <= high);
        samples.push(low === "0" ? "1" : low, high);
      } else {
        tests.push((c) => c === low);
        samples.push(low);
      }
    }
    at++;
    const accepts = (c: string) => tests.some((test) => test(c)) !== negated;
    return character(accepts, negated ? [...ANY_SAMPLES, "_", "A"] : samples);
  };
  return choice();
}

interface State {
  /** Without a condition the edge costs nothing. */
  readonly free: { to: number; where?: "start" | "end" }[];
  readonly steps: (Extract<Expression, { kind: "character" }> & { to: number })[];
}

/** An automaton that is made deterministic as far as it is walked. */
class Automaton {
  readonly #states: State[] = [];
  readonly #last: number;
  readonly #sets = new Map<string, WalkedSet>();

  constructor(expression: Expression) {
    const first = this.#state();
    this.#last = this.#build(expression, first);
  }

  start(): WalkedSet {
    return this.#walked(this.#closure([0], "start"), this.#closure([0], "start", "end").includes(this.#last));
  }

  step(set: WalkedSet, character: string): WalkedSet | undefined {
    let next = set.next.get(character);
    if (next !== undefined) return next ?? undefined;
    const reached: number[] = [];
    for (const at of set.states) for (const { accepts, to } of this.#states[at]!.steps) if (accepts(character)) reached.push(to);
    next = reached.length > 0 ? this.#walked(this.#closure(reached), this.#closure(reached, "end").includes(this.#last)) : null;
    set.next.set(character, next);
    return next ?? undefined;
  }

  #walked(states: number[], accepting: boolean): WalkedSet {
    const key = `${states.join(" ")}${accepting ? "!" : ""}`;
    let set = this.#sets.get(key);
    if (!set) {
      const steps = states.flatMap((at) => this.#states[at]!.steps);
      const samples = [...new Set(steps.flatMap((step) => step.samples))];
      const favourites = steps.flatMap(({ favourite }) => favourite ?? []);
      set = { id: this.#sets.size, states, accepting, samples, favourites, next: new Map() };
      this.#sets.set(key, set);
    }
    return set;
  }

  #closure(from: readonly number[], ...holds: ("start" | "end")[]): number[] {
    const seen = new Set(from);
    const open = [...from];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const { to, where } of this.#states[at]!.free) {
        if (seen.has(to) || (where !== undefined && !holds.includes(where))) continue;
        seen.add(to);
        open.push(to);
      }
    }
    return [...seen].sort((a, b) => a - b);
  }

  #state(): number {
    this.#states.push({ free: [], steps: [] });
    return this.#states.length - 1;
  }

  /** Adds an expression behind a state. @returns the state behind it */
  #build(expression: Expression, from: number): number {
    const free = (a: number, to: number, where?: "start" | "end") => this.#states[a]!.free.push(where ? { to, where } : { to });
    switch (expression.kind) {
      case "character": {
        const to = this.#state();
        this.#states[from]!.steps.push({ ...expression, to });
        return to;
      }
      case "sequence":
        return expression.parts.reduce((at, part) => this.#build(part, at), from);
      case "choice": {
        const to = this.#state();
        for (const part of expression.parts) {
          const begin = this.#state();
          free(from, begin);
          free(this.#build(part, begin), to);
        }
        return to;
      }
      case "group":
        return this.#build(expression.part, from);
      case "start":
      case "end": {
        const to = this.#state();
        free(from, to, expression.kind);
        return to;
      }
      case "repeat": {
        let at = from;
        for (let i = 0; i < expression.min; i++) at = this.#build(expression.part, at);
        const to = this.#state();
        if (expression.max === Infinity) {
          const loop = this.#state();
          free(at, loop);
          free(this.#build(expression.part, loop), loop);
          free(loop, to);
          return to;
        }
        for (let i = expression.min; i < expression.max; i++) {
          free(at, to);
          const begin = this.#state();
          free(at, begin);
          at = this.#build(expression.part, begin);
        }
        free(at, to);
        return to;
      }
    }
  }
}

interface WalkedSet {
  readonly id: number;
  readonly states: readonly number[];
  readonly accepting: boolean;
  readonly samples: readonly string[];
  readonly favourites: readonly string[];
  readonly next: Map<string, WalkedSet | null>;
}

/**
 * Texts that all expressions accept, the shortest first.
 *
 * @param prefix what stands before each text when it is compared; an expression given as `bare` does not see it.
 */
export function* textsOf(expressions: readonly (Expression | Bare)[], prefix = ""): Generator<string, undefined, undefined> {
  const automata = expressions.map((one) => new Automaton("bare" in one ? one.bare : one));
  let begin: WalkedSet[] | undefined = automata.map((automaton) => automaton.start());
  for (const character of prefix) {
    begin = advance(automata, begin, character, (index) => "bare" in expressions[index]!);
    if (!begin) return;
  }
  let open: { text: string; sets: readonly WalkedSet[] }[] = [{ text: "", sets: begin }];
  const visits = new Map<string, number>();
  for (let steps = 0; open.length > 0; ) {
    const next: typeof open = [];
    for (const { text: known, sets } of open) {
      if (sets.every(({ accepting }) => accepting)) yield known;
      for (const character of charactersOf(sets)) {
        const reached = advance(automata, sets, character);
        if (!reached) continue;
        if (++steps > STEPS_MAX) return;
        const key = reached.map(({ id }) => id).join(" ");
        const seen = visits.get(key) ?? 0;
        if (seen >= VISITS) continue;
        visits.set(key, seen + 1);
        next.push({ text: known + character, sets: reached });
      }
    }
    open = next;
  }
}

/** Characters to go on with: what a pattern likes best, then letters and digits. */
function charactersOf(sets: readonly WalkedSet[]): Iterable<string> {
  const all = sets.flatMap(({ samples }) => samples);
  const plain = all.filter((character) => /[A-Za-z0-9]/.test(character));
  return new Set([...sets.flatMap(({ favourites }) => favourites), ...plain, ...all]);
}

function advance(
  automata: readonly Automaton[],
  sets: readonly WalkedSet[],
  character: string,
  stays: (index: number) => boolean = () => false,
): WalkedSet[] | undefined {
  const reached: WalkedSet[] = [];
  for (const [index, automaton] of automata.entries()) {
    const next = stays(index) ? sets[index] : automaton.step(sets[index]!, character);
    if (!next) return undefined;
    reached.push(next);
  }
  return reached;
}

/** The shortest text that all expressions accept and a test approves. @param tries texts that are looked at */
export function matching(
  expressions: readonly (Expression | Bare)[],
  approves: (found: string) => boolean = () => true,
  { prefix = "", tries = 500 } = {},
): string | undefined {
  for (const found of textsOf(expressions, prefix)) {
    if (approves(found)) return found;
    if (--tries <= 0) return undefined;
  }
  return undefined;
}
