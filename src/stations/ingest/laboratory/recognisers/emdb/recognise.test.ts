import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../../know.js";

const { signal } = new AbortController();
const volume = (seed: number, cube = false) => mrcFile(cube ? [12, 12, 12] : [6, 14, 12], 10, { seed });
const header = (number: number, method: string, title: string, details = "") =>
  `<?xml version="1.0"?>\n<emd emdb_id="EMD-${number}"><admin><title>${title}</title></admin><method>${method}</method><map format="CCP4"><file>emd_${number}.map.gz</file><details>${details}</details></map></emd>\n`;
const SERIES = Object.fromEntries(
  ["TS_01", "TS_02"].map((name, at) => [`raw/${name}.st`, mrcFile([5, 48, 48], 2.5, { kind: "stack", seed: 20 + at })]),
);

async function decided(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith(files);
  const decisions = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const asked = decisions.questions.filter(({ id }) => id === "emdb-entries");
  return { of: (path: string) => decisions.files.get(path), asked, runs: decisions.runs };
}

it("tomograms of EMDB's entries are of the runs that their titles name, with what was done with them", async () => {
  const { of, asked, runs } = await decided({
    ...SERIES,
    "rec/TS_01.mrc": volume(1),
    "emdb/EMD-51235/header/emd-51235.xml": header(51235, "tomography", "A tomogram of a cell (TS 01)", "Denoised with cryoCARE"),
    "emdb/EMD-51235/map/emd_51235.map": volume(2),
    "emdb/EMD-51236/header/emd-51236.xml": header(51236, "tomography", "A tomogram of another cell, TS_02"),
    "emdb/EMD-51236/map/emd_51236.map": volume(3),
  });
  expect(runs).toEqual(["TS_01", "TS_02"]);
  expect(asked.map(({ answer, guess }) => [answer, guess])).toEqual([["as-titled", "as-titled"]]);
  expect(of("emdb/EMD-51235/map/emd_51235.map")).toMatchObject({
    role: "tomogram",
    run: "TS_01",
    details: { processing: "denoised" },
  });
  expect(of("emdb/EMD-51236/map/emd_51236.map")).toMatchObject({ role: "tomogram", run: "TS_02" });
});

it("entries whose titles name no run are left out beside recorded series, and are runs where there is nothing else", async () => {
  const entry = {
    "EMD-51236/header/emd-51236.xml": header(51236, "tomography", "A tomogram"),
    "EMD-51236/map/emd_51236.map": volume(3),
  };
  const beside = await decided({ ...SERIES, "rec/TS_01.mrc": volume(1), ...entry });
  expect(beside.of("EMD-51236/map/emd_51236.map")?.role).toBe("left out");
  const alone = await decided(entry);
  expect([alone.of("EMD-51236/map/emd_51236.map")?.run, alone.asked]).toEqual(["emd_51236", []]);
});

it("an entry without its header is no run of its own beside recorded series", async () => {
  const { of, asked } = await decided({ ...SERIES, "emdb/map/emd_51236.map": volume(3) });
  expect(asked.map(({ answer }) => answer)).toEqual(["leave-out"]);
  expect(of("emdb/map/emd_51236.map")?.role).toBe("left out");
});

it("averages, half maps and masks of an entry are none", async () => {
  const { of } = await decided({
    ...SERIES,
    "EMD-51230/emd-51230.xml": header(51230, "subtomogramAveraging", "An average of TS_01"),
    "EMD-51230/emd_51230.map": volume(4),
    "EMD-51230/other/emd_51230_half_map_1.map": volume(5),
    "EMD-51230/masks/emd_51230_msk_1.map": volume(6),
  });
  expect(of("EMD-51230/emd_51230.map")).toMatchObject({
    role: "left out",
    because: "a map of EMD-51230, which is of the method subtomogramAveraging, and no tomogram",
  });
  expect(of("EMD-51230/other/emd_51230_half_map_1.map")?.because).toBe("a half map of EMD-51230");
  expect(of("EMD-51230/masks/emd_51230_msk_1.map")?.because).toBe("a mask for the map of EMD-51230");
});
