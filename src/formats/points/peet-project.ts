/** A project of PEET (`.prm`): which model and which motive list belong to which tomogram. */
export interface PeetProject {
  /** Base of the names of outputs. */
  readonly output: string | undefined;
  /** By tomogram, as written: mostly paths of the machine on which the project was made. */
  readonly volumes: readonly string[];
  readonly models: readonly string[];
  /** Motive lists that the first iteration begins with; empty where they are computed. */
  readonly motiveLists: readonly string[];
}

/**
 * Reads the assignments `name = value` of MATLAB's kind: `'text'`, `{'a', 'b'}`, over several lines where brackets are open or a line ends
 * with `...`. Comments begin with # or %. What is no list of texts (ranges, numbers) is passed over.
 */
export function parsePeetProject(text: string): PeetProject {
  const values = new Map<string, readonly string[]>();
  let name = "";
  let value = "";
  let depth = 0;
  for (const line of text.split(/\r\n|\n|\r/)) {
    const plain = withoutComment(line).trim();
    if (depth === 0) {
      const begin = /^([A-Za-z]\w*)\s*=\s*(.*)$/.exec(plain);
      if (!begin) continue;
      [name, value] = [begin[1]!, begin[2]!];
    } else value += ` ${plain}`;
    depth = /\.\.\.$/.test(value) ? 1 : openBrackets(value);
    value = value.replace(/\.\.\.$/, "");
    if (depth <= 0) {
      values.set(name, textsOf(value));
      depth = 0;
    }
  }
  const list = (key: string): readonly string[] => values.get(key) ?? [];
  return {
    output: list("fnOutput")[0],
    volumes: list("fnVolume"),
    models: list("fnModParticle"),
    motiveLists: list("initMOTL"),
  };
}

/** Quoted text in either kind of quotes; a doubled quote stands for itself. */
const TEXT = /'((?:[^']|'')*)'|"((?:[^"]|"")*)"/g;

function withoutComment(line: string): string {
  const blank = line.replace(TEXT, (text) => "x".repeat(text.length));
  const at = blank.search(/[#%]/);
  return at < 0 ? line : line.slice(0, at);
}

function openBrackets(value: string): number {
  const plain = value.replace(TEXT, "");
  return (plain.match(/[{[]/g)?.length ?? 0) - (plain.match(/[}\]]/g)?.length ?? 0);
}

const textsOf = (value: string): string[] =>
  [...value.matchAll(TEXT)].map(([, single, double]) => single?.replaceAll("''", "'") ?? double!.replaceAll('""', '"'));
