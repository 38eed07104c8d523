/** Which modules of a split bundle are better in one file.
 *
 * A bundler that splits gives each module a file with those that the same entries reach. Our commands reach the same modules in 300 combinations, and
 * each further file costs a start some 0.3 ms: it is found, opened, read and linked. Text that a start has no use for costs some 0.03 ms a KiB. So two
 * files are merged where that saves more, over all entries, than it makes them read. */

/** Of text that costs a start what a further file costs. */
const FILE_BYTES = 10 * 1024;
/** Of a package, or of a module of Node that is not there from the beginning, which an entry would load for nothing: never worth a file. */
const PACKAGE_BYTES = 1024 * 1024;
const AT_HAND = new Set(["buffer", "crypto", "events", "fs", "fs/promises", "module", "os", "path", "stream", "url", "util"]);

/**
 * @param {import("esbuild").Metafile} metafile of a bundle with `splitting`
 * @param {string} start the entry that every process begins with; it gets nothing more to read
 * @returns {Map<string, string[]>} by entry (its module), the modules that it has to import for files to be merged
 */
export function mergedImports({ outputs }, start) {
  const files = Object.entries(outputs).filter(([path]) => path.endsWith(".js"));
  const entries = files.filter(([, { entryPoint }]) => entryPoint !== undefined).map(([path]) => path);
  const own = (path) =>
    outputs[path].imports
      .filter(({ kind, external, path: to }) => kind === "import-statement" && !external && outputs[to])
      .map(({ path: to }) => to);
  const reachedBy = (path, seen = new Set()) => {
    if (!seen.has(path)) {
      seen.add(path);
      for (const to of own(path)) reachedBy(to, seen);
    }
    return seen;
  };
  const isPackage = ({ kind, external, path }) =>
    kind === "import-statement" && external && !AT_HAND.has(path.replace(/^node:/, ""));
  const shared = files.filter(([, { entryPoint }]) => entryPoint === undefined);
  const at = new Map(shared.map(([path], i) => [path, i]));
  const bytes = shared.map(([, { bytes: size, imports }]) => size + PACKAGE_BYTES * imports.filter(isPackage).length);
  const sets = shared.map(() => new Uint32Array(Math.ceil(entries.length / 32)));
  for (const [number, entry] of entries.entries()) {
    for (const path of reachedBy(entry)) if (at.has(path)) sets[at.get(path)][number >>> 5] |= 1 << (number & 31);
  }
  const needs = shared.map(([path]) => [...reachedBy(path)].map((one) => at.get(one)).filter((one) => one !== undefined));
  const before = sets.map((set) => set.slice());
  const first = entries.findIndex((entry) => outputs[entry].entryPoint === start);
  merge({ sets, bytes, needs, first });

  const imports = new Map();
  for (const [number, entry] of entries.entries()) {
    const added = shared.filter((_, i) => has(sets[i], number) && !has(before[i], number));
    const modules = added.flatMap(([, { inputs }]) => Object.keys(inputs));
    if (modules.length > 0) imports.set(outputs[entry].entryPoint, modules.sort());
  }
  return imports;
}

const has = (set, number) => ((set[number >>> 5] >>> (number & 31)) & 1) === 1;

/** Makes sets of entries equal where that is worth it: the best pair first, until no pair is. */
function merge({ sets, bytes, needs, first }) {
  // which pair looked at a file, or at the files that share its set, last
  const [lookedAt, lookedAtClass, missing] = [sets, sets, sets].map(({ length }) => new Int32Array(length).fill(-1));
  for (let looks = 0; ; ) {
    const classes = classesOf(sets);
    const classOf = new Int32Array(sets.length);
    for (const [number, members] of classes.entries()) for (const member of members) classOf[member] = number;
    const sizes = classes.map(([member]) => common(sets[member], sets[member]));
    // what a module imports comes along with it
    const alongWith = classes.map((members) => [...new Set(members.flatMap((member) => needs[member]))]);
    let best = { gain: 0 };
    for (let i = 0; i < classes.length; i++) {
      const a = sets[classes[i][0]];
      for (let j = i + 1; j < classes.length && sizes[i] * FILE_BYTES > best.gain; j++) {
        // no more in common than the smaller one has: most pairs end here
        if (sizes[j] * FILE_BYTES <= best.gain) continue;
        const b = sets[classes[j][0]];
        const both = common(a, b);
        let gain = both * FILE_BYTES;
        if (gain <= best.gain || has(a, first) !== has(b, first)) continue;
        const all = a.map((word, k) => word | b[k]);
        const size = sizes[i] + sizes[j] - both;
        const look = ++looks;
        for (const along of [alongWith[i], alongWith[j]]) {
          for (let k = 0; k < along.length && gain > best.gain; k++) {
            const member = along[k];
            if (lookedAt[member] === look) continue;
            lookedAt[member] = look;
            const its = classOf[member];
            if (lookedAtClass[its] !== look) {
              lookedAtClass[its] = look;
              missing[its] = size - common(all, sets[member]);
            }
            gain -= bytes[member] * missing[its];
          }
        }
        if (gain > best.gain) best = { gain, all, along: new Set([...alongWith[i], ...alongWith[j]]) };
      }
    }
    if (best.gain === 0) return;
    for (const member of best.along) for (const [k, word] of best.all.entries()) sets[member][k] |= word;
  }
}

/** Files that the same entries reach: the bundler makes one of them. */
function classesOf(sets) {
  const classes = new Map();
  for (const [i, set] of sets.entries()) {
    const name = set.join();
    if (classes.has(name)) classes.get(name).push(i);
    else classes.set(name, [i]);
  }
  return [...classes.values()];
}

/** How many entries are in both sets. */
function common(a, b) {
  let sum = 0;
  for (let k = 0; k < a.length; k++) {
    let word = a[k] & b[k];
    if (word === 0) continue;
    word -= (word >>> 1) & 0x55555555;
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
    sum += (((word + (word >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
  }
  return sum;
}
