import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { filesBelow, readText, withoutComments } from "./sources.js";

interface Rule {
  name: string;
  /** Files that the rule speaks of. */
  where: (path: string) => boolean;
  pattern: RegExp;
  /** The places that are the reason why others need not. */
  except?: readonly string[];
  counterExample: string;
}

const isTest = (path: string) => /\.test\.ts$/.test(path);
const isSource = (path: string) => /^src\/.*\.ts$/.test(path) && !/\.(test|d)\.ts$/.test(path) && !path.includes("/assembly/");
const belowCli = (path: string) => isSource(path) && !path.startsWith("src/cli/");

const RULES: readonly Rule[] = [
  {
    name: "time and chance are arguments below the command line",
    where: belowCli,
    pattern: /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\(|\bset(Timeout|Interval)\b|\bperformance\.now\b|\brandomUUID\b/,
    // those beside the clock only poll: a lock's heartbeat (`every` is an argument), the rows that workers have counted, and what the heap holds
    except: ["src/core/clock.ts", "src/engine/every.ts", "src/arrays/stream/write/write-volume.ts", "src/system/garbage.ts"],
    counterExample: "const at = Date.now();",
  },
  {
    name: "metadata is printed by core/json, in Python's form",
    where: (path) => isSource(path) && path.startsWith("src/stations/"),
    // inside `${…}` it quotes a word of a message
    pattern: /(?<!\$\{)\bJSON\.stringify\b/,
    // identity keys of maps and fingerprints, never written; words of messages; JSONB parameters of statements
    except: [
      "src/stations/ingest/laboratory/decisions-file.ts",
      "src/stations/ingest/laboratory/configuration/sections.ts",
      "src/stations/ingest/laboratory/completion/twins.ts",
      "src/stations/ingest/identifiers.ts",
      "src/stations/ingest/importers/tomogram-candidates.ts",
      "src/stations/ingest/validate/report/changes.ts",
      "src/stations/catalog/portal-import/documents.ts",
      "src/stations/catalog/portal-import/import-run.ts",
      "src/stations/catalog/portal-import/root-rows.ts",
      "src/stations/catalog/portal-import/state.ts",
      "src/stations/catalog/portal-import/sync.ts",
    ],
    counterExample: "write(JSON.stringify(metadata));",
  },
  {
    name: "only the command line talks to the terminal",
    where: belowCli,
    pattern: /\bconsole\.|\bprocess\.(stdout|stderr)\b|\bprocess\.exit\b/,
    counterExample: 'console.log("done");',
  },
  {
    name: "no types switched off",
    where: (path) => isSource(path) || isTest(path),
    pattern: /@ts-(ignore|nocheck)|\bas any\b/,
    counterExample: "const x = y as any;",
  },
  {
    name: "no test is switched off or alone",
    where: isTest,
    pattern: /\b(it|test|describe)\.(only|todo|skip)\b/,
    counterExample: 'it.only("x", () => {});',
  },
  {
    name: "pages make text of what they are given, never markup",
    where: (path) => path.startsWith("web/"),
    pattern: /dangerouslySetInnerHTML|\b(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write|srcdoc/i,
    counterExample: "node.innerHTML = name;",
  },
  {
    name: "pages ask nobody but the server that they come from",
    where: (path) => path.startsWith("web/"),
    pattern: /(?:fetch|URL|import)\(\s*["'`]https?:/,
    counterExample: 'fetch("https://fonts.example.org");',
  },
  {
    name: "no path of one machine",
    where: (path) => isSource(path) || isTest(path),
    pattern: new RegExp(`["'\`(= ]/(${["work", "root", "Users", "farm"].join("|")})/[A-Za-z]`),
    counterExample: `const data = "/${"root"}/data";`,
  },
];

/** Lines that break a rule, as `path:line: text`. Comments do not count. */
function breaches(rule: Rule, path: string, source: string): string[] {
  if (!rule.where(path) || rule.except?.includes(path)) return [];
  return withoutComments(source)
    .split("\n")
    .flatMap((line, at) => (rule.pattern.test(line) ? [`${path}:${at + 1}: ${line.trim()}`] : []));
}

const isCode = (path: string) => /\.tsx?$/.test(path);
const files = [...filesBelow("src", isCode), ...filesBelow("web", isCode), ...filesBelow("test", isCode)]
  .filter((path) => path !== "test/foundations/house-rules.test.ts")
  .map((path) => ({ path, source: readText(path) }));

describe("house rules", () => {
  it.each(RULES)("$name", (rule) => {
    expect(files.some(({ path }) => rule.where(path))).toBe(true);
    expect(files.flatMap(({ path, source }) => breaches(rule, path, source))).toEqual([]);
  });

  it.each(RULES)("$name: a breach would be found", (rule) => {
    const path = ["src/stations/ingest/x.ts", "web/pages/x.tsx", "test/x.test.ts"].find(rule.where)!;
    expect(breaches(rule, path, `// ${rule.counterExample}\n${rule.counterExample}`)).toHaveLength(1);
  });

  it("exceptions are there, and need to be", () => {
    for (const rule of RULES) {
      for (const path of rule.except ?? []) expect(breaches({ ...rule, except: [] }, path, readText(path)), path).not.toEqual([]);
    }
  });

  it("every test file holds a test that asserts, or calls a suite that does", () => {
    const asserts = (source: string) =>
      /\b(it|test)(\.\w+(\([^)]*\))?)*[(<]/.test(source) && /\bexpect\b|\bassert\b/.test(source);
    const suites = files
      .filter(({ path, source }) => path.endsWith("-suite.ts") && asserts(source))
      .map(({ path }) => basename(path, ".ts"));
    const empty = files.filter(
      ({ path, source }) => isTest(path) && !asserts(source) && !suites.some((name) => source.includes(`/${name}.js`)),
    );
    expect(empty.map(({ path }) => path)).toEqual([]);
  });
});
