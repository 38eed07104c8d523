import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const run = (folder: string, name: string, seed: number) => ({
  [`${folder}/${name}/${name}.st`]: mrcFile([5, 48, 48], 2.5, { kind: "stack", seed }),
  [`${folder}/${name}/${name}.rawtlt`]: "-6\n-3\n0\n3\n6\n",
  [`${folder}/${name}/${name}.rec`]: mrcFile([6, 12, 12], 10, { seed: seed + 10 }),
});
const drive = "drives/d1/Caulobacter";
const files = {
  ...run(drive, "ab2019-05-25-3", 1),
  ...run(drive, "ab2019-05-25-4", 2),
  ...run(drive, "ab2019-06-12-1", 3),
  ...run("other", "ab2019-05-25-3", 4),
};
const row = (name: string, status: string) => `${name},mka${name.slice(2)},,/mnt/old/${drive}/${name},exact,1,${status},10311\n`;
const table = (...rows: string[]) => `sc_run_name,CZI_run_name,CZI_run_id,path,rule,score,status,dataset_id\n${rows.join("")}`;

async function decided(csv: string) {
  const laboratory = await laboratoryWith({ ...files, "curate/matching_runs.csv": csv });
  return decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
}

it("run folders that a table of curate match in the folder gives to the portal are asked about, and left out until then", async () => {
  const csv = table(row("ab2019-05-25-3", "matched"), row("ab2019-05-25-4", "ambiguous"), row("ab2019-06-12-1", "rejected"));
  const { questions, files: of } = await decided(csv);
  const [asked] = questions.filter(({ id }) => id.startsWith("compared-"));
  expect(asked).toMatchObject({
    text: "Should 2 run folders be published again, although the portal has the runs?",
    why: `By curate/matching_runs.csv: ${drive}/ab2019-05-25-3 as mka2019-05-25-3, ${drive}/ab2019-05-25-4 perhaps as mka2019-05-25-4. To use this table without being asked, give it with --matches.`,
  });
  const role = (path: string) => of.get(path)?.role;
  expect(["ab2019-05-25-3", "ab2019-05-25-4"].map((name) => role(`${drive}/${name}/${name}.rec`))).toEqual([
    "left out",
    "left out",
  ]);
  expect(role(`${drive}/ab2019-06-12-1/ab2019-06-12-1.rec`)).toBe("tomogram");
  // another folder of that name is not the one that was matched
  expect(role("other/ab2019-05-25-3/ab2019-05-25-3.rec")).toBe("tomogram");
});

it("other tables ask nothing", async () => {
  const { questions } = await decided("name,path,status\nab2019-05-25-3,x,matched\n");
  expect(questions.filter(({ id }) => id.startsWith("compared-"))).toEqual([]);
});
