import fc from "fast-check";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { EmporiumError } from "../../src/core/errors.js";
import { checkConfig } from "../../src/stations/ingest/check/check.js";
import { readDecisions } from "../../src/stations/ingest/laboratory/decisions-file.js";
import { newConfigFor } from "../../src/stations/ingest/laboratory/new-config.js";
import { plan, RAWTLT, storeOf, tinyMrc } from "../e2e/ingest-plan-kit.js";
import { FUZZ_CASES } from "../thorough.js";

/** Names as people and programs give them: patterns, templates, comments, numbers and words of YAML, other scripts, blanks. */
const piece = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("TS", "Position", "cell", "lam", "grid 1", "Ω", "日本", "é", "e\u0301", "🧊") },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...["*", "?", "[1]", "[!a]", "{run_name}", "{", "}", "{{", "#", " #", ": ", ":", "-", "--", "&a", "!b", "|", ">", "%41"],
      ...["'", '"', "\\", "\\n", "$1", "^", "(", ")", "+", "~", "null", "no", "0x1F", "1e3", "1_0", "010", ".5", "@", "`", ","],
      ...["<<", "=", ";", "…", "\u00a0", "\u200b", "\u202e", "..", "._", "\t"],
    ),
  },
  { weight: 1, arbitrary: fc.stringMatching(/^[A-Za-z0-9_. -]{1,6}$/) },
);
const said = fc
  .array(piece, { minLength: 1, maxLength: 4 })
  .map((pieces) => pieces.join("").trim())
  .filter((text) => text !== "");
/** Stores refuse a backslash, and plans a run with a control character in its name. */
const name = said.filter((text) => !/^\.|[\\\t]/.test(text));
const laboratory = fc.record({
  runs: fc.uniqueArray(name, { minLength: 1, maxLength: 3, selector: (text) => text.normalize("NFC").toLowerCase() }),
  folder: name,
  tail: name,
  byRun: fc.boolean(),
  hasSeries: fc.boolean(),
  hasPicks: fc.boolean(),
  title: said,
  description: fc.array(said, { maxLength: 5 }).map((lines) => lines.join("\n")),
});

it("a configuration of hostile names passes its check, says what was said, and finds each file that it is for, and is the same by its own decisions", async () => {
  const signal = new AbortController().signal;
  let described = 0;
  await fc.assert(
    fc.asyncProperty(laboratory, async ({ runs, folder, tail, byRun, hasSeries, hasPicks, title, description }) => {
      const files: Record<string, string | Uint8Array> = {};
      const of = (run: string, kind: string, end: string) =>
        byRun ? `${folder}/${run}/${run}${end}` : `${folder}/${kind}/${run}${end}`;
      for (const [at, run] of runs.entries()) {
        files[of(run, "rec", `_${tail}.rec`)] = tinyMrc(8, 8, 8, 10, at + 1);
        if (hasSeries) files[of(run, "st", ".st")] = tinyMrc(8, 8, 3, 2, at + 1);
        if (hasSeries) files[of(run, "st", ".rawtlt")] = RAWTLT;
        if (hasPicks) files[of(run, "picks", `_${tail}.csv`)] = `${at + 1};2;3\n4;5;6\n`;
      }
      const answers = { title, description: description === "" ? undefined : description };
      const config = await newConfigFor(await storeOf(files), { sourcePrefix: "lab", input: "memory:", signal, answers }).catch(
        (error: unknown) => error as EmporiumError,
      );
      // a single name between others tells of no run: the sentence, and no file
      if (config instanceof EmporiumError) {
        expect(config.code).toBe("CONFIG_EMPTY");
        return;
      }
      // where nothing but questions is left there is a file that asks them, and no configuration
      if (config.yaml === "") {
        expect(readDecisions(config.decisions!, "new.decisions.yaml")).toBeDefined();
        expect(config.decisions).toContain("question");
        return;
      }
      described++;
      const given = readDecisions(config.decisions!, "new.decisions.yaml");
      const again = await newConfigFor(await storeOf(files), { sourcePrefix: "lab", input: "memory:", signal, answers, given });
      expect(again.yaml).toBe(config.yaml);
      const { errors } = checkConfig(new TextEncoder().encode(config.yaml), "new.yaml");
      expect(errors).toEqual([]);
      const { datasets } = parse(config.yaml) as { datasets: { metadata: Record<string, unknown> }[] };
      expect(datasets[0]!.metadata.dataset_title).toBe(title);
      if (description !== "") expect(datasets[0]!.metadata.dataset_description).toBe(description);

      const source = Object.fromEntries(Object.entries(files).map(([key, body]) => [`lab/${key}`, body]));
      const made = await plan({ config: config.yaml, source });
      expect(made.failures.map(({ error }) => error.message)).toEqual([]);
      const read = new Set(made.tasks.flatMap(({ inputs }) => inputs.map(({ key }) => key)));
      const used = config.files.filter(({ role }) => role === "tomogram" || role === "tilt series" || role === "points");
      expect(used.map(({ path }) => path).filter((path) => !read.has(`lab/${path}`))).toEqual([]);
      const runsOfPlan = made.tasks.flatMap(({ outputs }) => outputs).filter((key) => key.endsWith("/run_metadata.json"));
      expect(runsOfPlan).toHaveLength(config.runs.length);
    }),
    { numRuns: Math.ceil(FUZZ_CASES / 4), seed: 36 },
  );
  expect(described).toBeGreaterThan(50);
}, 120_000);
