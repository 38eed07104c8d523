import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { givenOf, readDecisions, writeDecisions } from "../decisions-file.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const stack = (seed: number) => mrcFile([3, 20, 20], 4, { kind: "stack", seed });
const xf = "1 0 0 1 5 1\n1 0 0 1 2 3\n1 0 0 1 1 4\n";
const aln = `# AreTomo Alignment / Priims bprmMn\n# RawSize = 20 20 3\n# NumPatches = 0\n# SEC     ROT         GMAG       TX          TY      SMEAN     SFIT    SCALE     BASE     TILT\n${[-3, 0, 3].map((tilt, at) => `${at} 84.1 1 ${at} ${2 * at} 1 1 1 0 ${tilt}\n`).join("")}`;
const LAB = {
  "a_etomo/TS_01/TS_01.mrc": stack(1),
  "a_etomo/TS_01/TS_01.rawtlt": "-3\n0\n3\n",
  "a_etomo/TS_01/TS_01.tlt": "-3\n0\n3\n",
  "a_etomo/TS_01/TS_01.xf": xf,
  "a_etomo/TS_01/TS_01_rec.mrc": mrcFile([6, 10, 10], 8, { seed: 3 }),
  "b_aretomo/TS_01.mrc": stack(2),
  "b_aretomo/TS_01.aln": aln,
};

it("of two alignments that of the tilt series is published which somebody has chosen", async () => {
  const laboratory = await laboratoryWith(LAB);
  const recognised = await recognisedIn(laboratory, signal);
  const first = await decisionsOf(laboratory, recognised, signal);
  const text = await writeDecisions(laboratory, first);
  const question = first.questions.find(({ text: asked }) => asked.includes("2 stacks"))!;
  const roles = async (path: string) => {
    const answer = question.options.find(({ says }) => says.startsWith(path))!.answer;
    const at = text.indexOf("answer: null", text.indexOf(question.id));
    const said = readDecisions(`${text.slice(0, at)}answer: "${answer}"${text.slice(at + 12)}`, "lab.decisions.yaml");
    const { files } = await decisionsOf(laboratory, recognised, signal, givenOf(said, laboratory));
    return ["a_etomo/TS_01/TS_01.xf", "b_aretomo/TS_01.aln"].map((one) => files.get(one)?.role);
  };
  expect(await roles("a_etomo/TS_01/TS_01.mrc")).toEqual(["alignment", "left out"]);
  expect(await roles("b_aretomo/TS_01.mrc")).toEqual(["left out", "alignment"]);
});

it("the CTF of one image, of which a program writes one for each, is not that of the series", async () => {
  const head = "# Output from CTFFind\n# Columns: #1 - micrograph number\n";
  const row = (at: number) => `${at}.000000 34511.2 33780.9 41.2 0.0 0.04 8.9\n`;
  const roles = async (files: Record<string, string>) => {
    const laboratory = await laboratoryWith({ ...LAB, ...files });
    const { files: decided } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    return Object.keys(files).map((path) => decided.get(path)?.role);
  };
  const each = { "ctf/TS_01_-3.0_ctf.txt": `${head}${row(1)}`, "ctf/TS_01_3.0_ctf.txt": `${head}${row(1)}` };
  expect(await roles(each)).toEqual(["left out", "left out"]);
  expect(await roles({ ...each, "z/TS_01_ctf.txt": `${head}${row(1)}${row(2)}${row(3)}` })).toEqual([
    "left out",
    "left out",
    "ctf",
  ]);
});

it("of two alignments of one program that of the published stack is taken, else that beside the tomogram", async () => {
  const taken = async (files: Record<string, string | Uint8Array>) => {
    const laboratory = await laboratoryWith({
      ...files,
      "a_raptor/TS_01.xf": xf.replaceAll("5", "6"),
      "a_raptor/TS_01.tlt": "-3\n0\n3\n",
    });
    const { files: decided } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    return [...decided.values()].filter(({ role }) => role === "alignment").map(({ path }) => path);
  };
  const beside = { "b/TS_01.xf": xf, "b/TS_01.tlt": "-3\n0\n3\n" };
  expect(await taken({ ...beside, "b/TS_01.mrc": stack(1), "c/TS_01_rec.mrc": mrcFile([6, 10, 10], 8, { seed: 3 }) })).toEqual(
    Object.keys(beside).sort(),
  );
  expect(await taken({ ...beside, "c/TS_01.mrc": stack(1), "b/TS_01_rec.mrc": mrcFile([6, 10, 10], 8, { seed: 3 }) })).toEqual(
    Object.keys(beside).sort(),
  );
});
