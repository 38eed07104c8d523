import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkConfig } from "../../../src/stations/ingest/check/check.js";
import { questionLines } from "../../../src/stations/ingest/laboratory/account.js";
import { mrcFile } from "../../laboratory-kit.js";
import { emporium } from "../cli-host.js";

/*
 * What `ingest new` puts where it does not know is marked, counted, and not published unasked. The counts are those of the comments in the
 * text; what is left after an edit follows from the edit.
 */

const root = mkdtempSync(join(tmpdir(), "emporium platz halter "));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let form = "";
beforeAll(async () => {
  form = (await emporium(["ingest", "new", "--yes"])).out;
});

const left = (text: string) =>
  checkConfig(new TextEncoder().encode(text), "c.yaml").warnings.filter(({ code }) => code === "CONFIG_PLACEHOLDER");
const paths = (text: string) => left(text).map(({ path }) => path);

describe("seam 3: placeholders and guesses of ingest new", () => {
  it("are marked in the file, with what was written", () => {
    expect(form).toMatch(/name: First Last # please fill in: full name.* \[First Last\]$/m);
    for (const field of ["processing: raw", "is_aligned: false"])
      expect(form).toMatch(new RegExp(`${field} # please check: .* \\[`));
  });

  it("are found, each one that is marked, with its line", () => {
    const marked = form.split("\n").flatMap((line, at) => (/\S.*# please (fill in|check): /.test(line) ? [at + 1] : []));
    const above = form.split("\n").filter((line) => /^\s+# please (fill in|check): /.test(line));
    const found = left(form);
    const lines = found.map(({ line }) => line);
    expect(marked.filter((line) => !lines.includes(line))).toEqual([]);
    expect(found).toHaveLength(marked.length + above.length);
    expect(checkConfig(new TextEncoder().encode(form), "c.yaml").errors).toEqual([]);
  });

  it("are named by their field; an entry of a list by the list's", () => {
    const text = "depositions:\n  - sources: [{literal: {value: [1]}}] # please fill in: number of the deposition [1]\n";
    expect(left(text).map(({ message }) => message)).toContain("value: 1 is a placeholder (number of the deposition)");
  });

  it("that a person has filled in are none any more, though the comment stays", () => {
    const filled = form.replace("name: First Last", "name: Ada Lovelace").replace("processing: raw", "processing: denoised");
    expect(left(filled)).toHaveLength(left(form).length - 2);
    expect(paths(filled)).not.toContain("depositions.0.metadata.authors.0.name");
  });

  it("stay placeholders without their comments where nobody can mean them", () => {
    const bare = form.replace(/ *# please.*$/gm, "");
    const found = paths(bare);
    expect(found).toContain("depositions.0.metadata.authors.0.name");
    expect(found).toContain("depositions.0.metadata.dates.deposition_date");
    expect(found).toContain("standardization_config.deposition_id");
    // a guess is kept by deleting its comment
    expect(found).not.toContain("tomograms.0.metadata.processing");
  });

  it("none are left in a file that has been filled in", () => {
    const base = readFileSync(new URL("../../golden/config/base.yaml", import.meta.url), "utf8");
    expect(left(base)).toEqual([]);
    expect(left(base.replace("- name: First Author", '- name: "First # please fill in: Author"'))).toEqual([]);
  });

  it("are counted by check, a warning of plan and run to a folder, refused to a bucket", async () => {
    const config = join(root, "neu.yaml");
    mkdirSync(join(root, "in"));
    writeFileSync(config, form);
    const count = left(form).length;
    const checked = await emporium(["ingest", "check", config]);
    expect([checked.status, checked.out]).toEqual([0, expect.stringContaining(`: ${count} lines to fill in or to check\n`)]);
    const guesses = form.match(/# please check: /g)!.length;
    const told = `${count - guesses} lines to fill in and ${guesses} guesses to check`;
    const workspace = ["--workspace", join(root, "workspace")];
    const arm = (verb: string, out: string, ...flags: string[]) =>
      emporium([
        "ingest",
        verb,
        config,
        join(root, "in"),
        out,
        "--import-depositions",
        "--import-deposition-metadata",
        ...flags,
        ...workspace,
      ]);
    const planned = await arm("plan", join(root, "out"), "--json");
    const { warnings } = JSON.parse(planned.out) as { warnings: { message: string }[] };
    expect(warnings[0]!.message).toContain(told);
    const run = await arm("run", join(root, "out"));
    expect([run.status, run.out]).toEqual([0, expect.stringContaining(`warning: ${config} has ${told}`)]);
    expect(existsSync(join(root, "out/depositions_metadata/1/deposition_metadata.json"))).toBe(true);
    for (const bucket of ["s3://bucket/x", "gs://bucket/x"]) {
      const refused = await arm("run", bucket, "--anonymous");
      expect([refused.status, refused.err]).toEqual([
        2,
        expect.stringMatching(/^error\[CONFIG_PLACEHOLDER\]: .*placeholders.*\n.*\n.*--allow-placeholders/),
      ]);
    }
    expect((await emporium(["ingest", "run", "--help"])).out).toContain("--allow-placeholders");
    // a measure that nobody knows goes nowhere, if it is of what is imported
    const sized = await arm("run", join(root, "out"), "--import-tomograms");
    expect([sized.status, sized.err]).toEqual([
      2,
      expect.stringMatching(/^error\[CONFIG_PLACEHOLDER\]: .*voxel size.*: 10.0 Å in line /),
    ]);
    const tilted = await arm("run", join(root, "out"), "--import-tiltseries");
    expect([tilted.status, tilted.err]).toEqual([
      2,
      expect.stringMatching(/^error\[CONFIG_PLACEHOLDER\]: .*tilt series is not known: /),
    ]);
  });

  it("a question with an answer that is taken is a guess, and its files are not called left out", () => {
    const options = ["first", "second"].map((answer) => ({ answer, says: `says ${answer}`, claims: [] }));
    const of = (answer: string | undefined) => {
      const question = { id: "q", text: "Which?", files: [], options, answer, isAnswered: false };
      return left(
        `${questionLines({ questions: [question] })
          .map((line) => `# ${line}\n`)
          .join("")}${form}`,
      );
    };
    expect(of("second").map(({ message }) => message)[0]).toBe("question q: second is a guess (Which?)");
    expect(of(undefined).map(({ message }) => message)[0]).toBe("question q is open, and its files are left out: Which?");
  });

  it("questions are counted like them, by check, plan and run, until somebody answers", async () => {
    const lab = join(root, "lab");
    mkdirSync(lab);
    for (const name of ["TS_1", "TS_2"])
      writeFileSync(join(lab, `${name}.mrc`), mrcFile([40, 48, 48], 13, { seed: Number(name.slice(3)) }));
    writeFileSync(join(lab, "TS_1_ribosome.csv"), "x,y,z\n4.25,5.5,6.75\n20.5,30.25,30.5\n34.5,34.75,30.5\n");
    const config = join(root, "lab.yaml");
    const decisions = join(root, "lab.decisions.yaml");
    const make = (out: string, ...more: string[]) => emporium(["ingest", "new", "--from", lab, "--out", out, ...more]);
    const made = await make(config);
    expect(made.out).toMatch(
      /^question coordinates-ribosome-csv: What is the unit of the coordinates in TS_1_ribosome\.csv\?\n {2}In run TS_1, x is 4\.25 to 34\.5, /m,
    );
    expect(made.out).toMatch(/lab\.yaml: 2 runs, \d+ lines to fill in, \d+ guess/);
    expect(made.out).toMatch(/lab\.decisions\.yaml: what each file was taken for, and why, and 1 question\n/);
    expect(made.out).toMatch(/lab\.yaml is WITHOUT the files of 1 question that has no default: coordinates-ribosome-csv\n/);
    const checked = await emporium(["ingest", "check", config]);
    const line =
      readFileSync(config, "utf8")
        .split("\n")
        .findIndex((one) => one.startsWith("# question coordinates-")) + 1;
    expect([checked.status, checked.out]).toEqual([
      0,
      expect.stringContaining(`  line ${line}: question coordinates-ribosome-csv is open, and its files are left out: What is`),
    ]);
    const words = ["--import-everything", "--workspace", join(root, "workspace")];
    const planned = await emporium(["ingest", "plan", config, lab, join(root, "lab-out"), ...words]);
    expect(planned.out).toMatch(
      /lab\.yaml has \d+ lines to fill in, 1 question to answer and \d+ guess(?:es)? to check: lines \d+ \(coordinates-ribosome-csv\)/,
    );
    const refused = await emporium(["ingest", "run", config, lab, "s3://bucket/x", "--anonymous", "--allow-private", ...words]);
    expect(refused.err).toMatch(/^error\[CONFIG_PLACEHOLDER\]: .*1 question to answer/);
    writeFileSync(decisions, readFileSync(decisions, "utf8").replace("answer: null", "answer: leave-out"));
    const decided = await make(join(root, "decided.yaml"), "--decisions", decisions);
    expect(decided.out).not.toMatch(/^question |to answer/m);
    const again = left(readFileSync(join(root, "decided.yaml"), "utf8"));
    expect(again).toHaveLength(left(readFileSync(config, "utf8")).length - 1);
    expect(again.filter(({ message }) => message.startsWith("question"))).toEqual([]);
  });
});
