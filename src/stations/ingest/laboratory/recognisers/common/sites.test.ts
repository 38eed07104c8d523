import { expect, it } from "vitest";
import { sitesOf } from "./sites.js";

const sites = (folders: readonly string[], paths: readonly string[]) => {
  const of = sitesOf(folders, "ts1");
  return paths.map((path) => of(path)?.name);
};

it("folders that differ by the number behind a name are several sites: visits, grids", () => {
  const folders = ["bi31234-5/raw", "bi31234-9/raw", "tomograms/bi31234-9"];
  expect(sites(folders, ["bi31234-5/raw/TS_1.mdoc", "bi31234-9/imod/TS_1.rec", "tomograms/bi31234-9/TS_1.mrc"])).toEqual([
    "bi31234 5",
    "bi31234 9",
    "bi31234 9",
  ]);
  expect(sites(["grid 1/raw", "grid 2/raw"], ["grid 1/raw/TS_1.mrc", "grid 2/raw/TS_1.mrc"])).toEqual(["grid 1", "grid 2"]);
});

it("what was done there with a number behind it is no site, nor is the only number of a name one of several", () => {
  expect(sites(["anna_bin4", "anna_bin8"], ["anna_bin4/TS_1.rec", "anna_bin8/TS_1.rec"])).toEqual([undefined, undefined]);
  expect(sites(["anna/raw", "boris_2/raw"], ["anna/raw/TS_1.mrc", "boris_2/raw/TS_1.mrc"])).toEqual(["anna", "boris"]);
});

it("folders whose names begin with different years are several sites", () => {
  const folders = ["2019_batch/TS_1", "2023_krios/TS_1"];
  expect(sites(folders, ["2019_batch/TS_1/TS_1.rec", "2023_krios/picks/TS_1.mod"])).toEqual(["batch 2019", "2023"]);
});

it("two letters beside the name of another sample are that of one", () => {
  const paths = ["data/wt/TS_1.mrc", "data/dko/TS_1.mrc", "old/wt/TS_1.rec"];
  expect(sites(["data/wt", "data/dko", "old/wt"], paths)).toEqual(["wt", "dko", "wt"]);
  expect(sites(["data/ts", "data/dko"], ["data/ts/TS_1.mrc", "data/dko/TS_1.mrc"])).toEqual([undefined, undefined]);
});

it("numbered folders below one are sites of their own, where all that it has of the series is in them", () => {
  const folders = ["anna/May22/stacks", "anna/Jan23/stacks", "facility/raw"];
  const paths = ["anna/May22/rec/TS_1.rec", "anna/Jan23/stacks/TS_1.mrc", "facility/raw/TS_1.mdoc"];
  expect(sites(folders, paths)).toEqual(["anna/may22", "anna/jan23", "facility"]);
  expect(sites([...folders, "anna/rec"], paths)).toEqual(["anna", "anna", "facility"]);
});

it("what lies elsewhere is of the site that its name or a folder around it is called after, and of none where it is two", () => {
  const folders = ["tomograms/veh", "tomograms/tg", "raw"];
  const paths = [
    "membranes/veh/meshes/TS_1_M1.obj",
    "segmented_tg/TS_1_seg.mrc",
    "labels/tg_TS_1_labels.mrc",
    "veh/compared/tg_TS_1.csv",
    "veh_vs_tg/TS_1.csv",
    "picks/tgfb/TS_1.csv",
    "picks/TS_1.csv",
  ];
  expect(sites(folders, paths)).toEqual(["veh", "tg", "tg", "tg", undefined, undefined, undefined]);
});

it("numbered folders of a database for files and reconstructions of one series are none", () => {
  const folders = ["data/usa1/rawdata", "data/usa1/3dimage_1850", "data/usa1/3dimage_1851", "data/usa1/file_12"];
  expect(
    sites(folders, ["data/usa1/3dimage_1850/TS_1.rec", "data/usa1/3dimage_1851/TS_1.rec", "data/usa1/file_12/TS_1.mod"]),
  ).toEqual([...[undefined, undefined, undefined]]);
});

it("folders at home that are called after a session without its day are of it, and so is what lies in them", () => {
  const folders = [
    "facility/20250611_gridA/raw",
    "facility/20250612_gridB/raw",
    "relion5_gridA/tables",
    "denoising/cryocare_gridB",
  ];
  folders.push("picking/tomotwin/rescaled", "for_amira");
  const paths = [
    "picking/tomotwin/rescaled/gridA_TS_1_10A.mrc",
    "facility/20250611_gridA/raw/TS_1.mdoc",
    "relion5_gridA/tables/TS_1.star",
    "denoising/cryocare_gridB/TS_1.mrc",
    "picking/tomotwin/gridB_TS_1/coords/20S.coords",
    "picking/pytme_gridB/TS_1_80S.tsv",
    "for_amira/gridA_TS_1_denoised.mrc",
    "picks/gridA_against_gridB/TS_1.csv",
    "picks/TS_1.csv",
  ];
  const [one, other] = ["facility/20250611 grida", "facility/20250612 gridb"];
  expect(sites(folders, paths)).toEqual([one, one, one, other, other, other, one, undefined, undefined]);
});

it("a name that sessions of two days have, or a day alone, is called after none of them", () => {
  const folders = ["facility/20250611_gridA/raw", "facility/20250612_gridA/raw", "facility/20250613/raw", "relion5_gridA/tables"];
  const paths = ["relion5_gridA/tables/TS_1.star", "picks/tomotwin/gridA_TS_1/20S.coords", "picks/TS_1.csv"];
  expect(sites(folders, paths)).toEqual(["grida", undefined, undefined]);
});
