import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Suites that leave their process as it was, each seen to pass after the others. */
const TOGETHER = [
  "test/foundations/**/*.test.ts",
  "test/faults/{catalog-hostile,catalog-rivals,cluster,cluster-blocks,cluster-gc,http,loader,replaced,store-faults}.test.ts",
  "test/e2e/{annotations,catalog-commands,catalog-export,catalog-frame-values,cli,cli-completion,convert-facts,database-schema}.test.ts",
  "test/e2e/{catalog-facts,catalog-facts-inputs,catalog-facts-splitters,docs-pictures,download-text,facets,search}.test.ts",
  "test/e2e/{curate-line,curate-models,curate-package,curate-run-pattern,graphql-addresses,graphql-answers,graphql-counts,graphql-where}.test.ts",
  "test/e2e/{harvest-compare,harvest-demo,harvest-download-single,harvest-looks,harvest-records}.test.ts",
  "test/e2e/{ingest-check,ingest-files,ingest-new,ingest-portal-output,ingest-plan-*,lab-mini-annotations,points-of-other-programs}.test.ts",
  "test/e2e/{portals-describe,portals-offline,portals-reference,public-configs,publish-neurons,publish-script,publish-tree}.test.ts",
  "test/e2e/{real-configs-rare,real-pixels,serve-places,two-processes,validate-scale,validate-source}.test.ts",
  "test/e2e/seams/{config-run,ingest-told-once,near-names,own-source,placeholders,points-outside,unused-finds}.test.ts",
];

/** A process for each of these files costs more than most of them: units keep nothing that another file could see. */
const UNITS = ["{src,web}/**/*.test.ts", "test/{golden,fuzz,look}/**/*.test.ts"];

/**
 * What `npm test` runs: all units, foundations and conformance, and one line through all stations. Everything else is in `npm run test:all`: what
 * commands do off that line, kills and faults place by place, fuzzing, whole laboratories.
 */
const FAST = ["{src,web}/**/*.test.ts", "test/{foundations,conformance,look}/**/*.test.ts", "test/e2e/whole-line.test.ts"];

const PLACES: readonly [suite: string, globs: readonly string[]][] = [
  ["peers", ["test/peers/**/*.test.ts"]],
  ["browser", ["test/browser/**/*.test.ts"]],
  ["installed", ["test/installed/**/*.test.ts"]],
  ["unit", UNITS],
  ["together", TOGETHER],
  ["alone", ["test/{foundations,conformance,faults,e2e}/**/*.test.ts", "examples/**/*.test.ts"]],
];
/** Of `npm run test:all`. */
const IN_ALL = ["alone", "together", "unit"];
/** Their files share a process. */
const SHARED = ["unit", "together"];

/** The suites that a file of tests may belong to; those of `npm test` are `QUICK`. */
export const QUICK = ["alone", "together", "unit"] as const;
export type Suite = (typeof QUICK)[number] | "rest" | "rest-together" | "peers" | "browser" | "installed";

/** The one suite of a file. @param path from the root of the repository on @returns undefined: no suite runs it */
export function suiteOf(path: string): Suite | undefined {
  const place = PLACES.find(([, globs]) => fits(globs, path))?.[0];
  if (place === undefined || !IN_ALL.includes(place) || fits(FAST, path)) return place as Suite | undefined;
  return SHARED.includes(place) ? "rest-together" : "rest";
}

/** The files of a suite, in the order of their names. */
export function filesOf(suite: Suite): string[] {
  return testFiles().filter((path) => suiteOf(path) === suite);
}

let all: string[] | undefined;
/** All files of tests in the folders that have any. */
export function testFiles(): string[] {
  all ??= ["src", "web", "test", "examples"]
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map(
        (name) => `${folder}/${name.replaceAll("\\", "/")}`,
      ),
    )
    .filter((path) => path.endsWith(".test.ts"))
    .sort();
  return all;
}

const patterns = new Map<readonly string[], RegExp>();
function fits(globs: readonly string[], path: string): boolean {
  const pattern = patterns.get(globs) ?? new RegExp(`^(?:${globs.map(patternOf).join("|")})$`);
  patterns.set(globs, pattern);
  return pattern.test(path);
}

const FORMS: Readonly<Record<string, string>> = { "**/": "(?:.*/)?", "*": "[^/]*", "{": "(?:", ",": "|", "}": ")" };
const patternOf = (glob: string): string => glob.replace(/\*\*\/|[*{,}]|[.+?^$()|[\]\\]/g, (part) => FORMS[part] ?? `\\${part}`);

/** Each name that the lists have, with what it stands for: a list of names in braces is that many. */
export function globsOfSuites(): [glob: string, pattern: RegExp][] {
  return [TOGETHER, FAST]
    .flat()
    .flatMap(alternatives)
    .map((glob) => [glob, new RegExp(`^${patternOf(glob)}$`)]);
}

function alternatives(glob: string): string[] {
  const [, before = "", words = "", after = ""] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(glob) ?? [];
  return words === "" ? [glob] : words.split(",").flatMap((word) => alternatives(`${before}${word}${after}`));
}
