import { posix } from "node:path";
import { withoutComments } from "./sources.js";

/** Who may import whom: downwards only, siblings on one level never. `index.ts` is the public library and nobody's import. */
const LEVELS: Readonly<Record<string, number>> = {
  core: 0,
  system: 1,
  model: 1,
  net: 2,
  formats: 3,
  stores: 3,
  arrays: 4,
  engine: 4,
  portals: 5,
  catalog: 5,
  stations: 6,
  server: 7,
  cli: 8,
};

/** Runs in browsers too: nothing of Node. */
export const anywhere = (path: string): boolean =>
  /^src\/(core|model|formats)\//.test(path) ||
  /^src\/arrays\/(?!(?:stream|loader)\/)/.test(path) ||
  path === "src/stores/store.ts" ||
  path === "src/stores/memory/store.ts";

/** What may be imported from outside src: the demos make the miniature laboratory, and start the portals and the bucket, that are shipped beside the program. */
export const OUTSIDE: readonly (readonly [from: string, to: string])[] = [
  ["src/cli/demo-deposits.ts", "examples/lab/generate.mjs"],
  ["src/cli/demo-made.ts", "examples/lab/generate.mjs"],
  ["src/cli/demo-made.ts", "examples/archive/generate.mjs"],
  ["src/cli/demo-made.ts", "examples/portals/server.mjs"],
  ["src/cli/demo-made.ts", "examples/portals/bucket-folder.mjs"],
  ["src/cli/harvest-demo.ts", "examples/portals/server.mjs"],
  ["src/cli/curate-demo.ts", "examples/archive/generate.mjs"],
];

export type Sources = Readonly<Record<string, string>>;

export interface Import {
  specifier: string;
}

/** `from "x"`, `import "x"`, `import("x")`, `new URL("x", import.meta.url)`: static text only, which is all that we write. */
export function importsOf(source: string): Import[] {
  const text = withoutComments(source);
  const forms = [
    /^\s*(?:import|export)\b[^"';]*?\bfrom\s*["']([^"'?]+)(?:\?worker&url)?["']/gm,
    /^\s*import\s*["']([^"']+)["']/gm,
    /\bimport\s*\(\s*["']([^"']+)["']\s*\)/g,
    /\bnew URL\(\s*["'](\.[^"']+\.js)["']\s*,\s*import\.meta\.url\s*\)/g,
  ];
  return forms.flatMap((form) => [...text.matchAll(form)].map(([, specifier]) => ({ specifier: specifier! })));
}

/** Every breach, one line each. `packages` are the runtime dependencies. */
export function importFaults(sources: Sources, packages: readonly string[]): string[] {
  const faults: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [path, source] of Object.entries(sources)) {
    graph.set(path, []);
    for (const { specifier } of importsOf(source)) {
      if (!specifier.startsWith(".")) {
        const fault = packageFault(path, specifier, packages);
        if (fault) faults.push(fault);
        continue;
      }
      const target = posix
        .normalize(posix.join(posix.dirname(path), specifier))
        .replace(/\.js$/, ".ts")
        .replace(/^dist\//, "src/");
      if (OUTSIDE.some(([from, to]) => from === path && to === target)) continue;
      const fault = !(target in sources) ? `${path} imports ${specifier}, which is not there` : directionFault(path, target);
      if (fault) faults.push(fault);
      else graph.get(path)!.push(target);
    }
  }
  return [...faults, ...circles(graph)];
}

/** What pages may not import: of ours all that does not run in browsers, of others all but `packages`. */
export function pageFaults(sources: Sources, packages: readonly string[]): string[] {
  return Object.entries(sources).flatMap(([path, source]) =>
    importsOf(source).flatMap(({ specifier }) => {
      if (!specifier.startsWith(".")) {
        const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
        return packages.includes(name) ? [] : [`${path} imports ${name}`];
      }
      const target = posix.normalize(posix.join(posix.dirname(path), specifier)).replace(/\.js$/, ".ts");
      return target.startsWith("web/") || anywhere(target) ? [] : [`${path} imports ${target}, which does not run in browsers`];
    }),
  );
}

function packageFault(path: string, specifier: string, packages: readonly string[]): string | undefined {
  if (specifier.startsWith("node:")) return anywhere(path) ? `${path} runs in browsers and imports ${specifier}` : undefined;
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  return packages.includes(name) ? undefined : `${path} imports ${name}, which is no runtime dependency`;
}

function directionFault(from: string, to: string): string | undefined {
  const [a, b] = [from.split("/"), to.split("/")];
  if (a.length === 2)
    return ["cli", "server"].includes(b[1]!) ? `${from} imports ${to}: the library knows no program` : undefined;
  if (b.length === 2) return `${from} imports ${to}: the public library is nobody's import`;
  const [layer, target] = [a[1]!, b[1]!];
  const [level, targetLevel] = [LEVELS[layer], LEVELS[target]];
  if (level === undefined || targetLevel === undefined) return `${from} or ${to} is in no layer`;
  if (layer === "stations" && target === "stations" && a[2] !== b[2]) return `${from} imports ${to}: stations meet in files`;
  if (targetLevel > level) return `${from} imports ${to}: upwards`;
  if (targetLevel === level && layer !== target) return `${from} imports ${to}: sideways`;
  return undefined;
}

/** One line for each group of files that import each other in a circle (Tarjan's components), types included. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const visit = (node: string) => {
    order.set(node, order.size);
    low.set(node, order.get(node)!);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node)!, low.get(next)!));
    }
    if (low.get(node) !== order.get(node)) return;
    const group = stack.splice(stack.indexOf(node));
    if (group.length > 1 || graph.get(node)!.includes(node)) found.push(`circular: ${group.sort().join(", ")}`);
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return found;
}
