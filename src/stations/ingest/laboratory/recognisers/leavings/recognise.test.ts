import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { leavings } from "./recognise.js";

const recognised = async (files: Record<string, string | Uint8Array>) => leavings.recognise(await laboratoryWith(files));

describe("leavings", () => {
  it("are left out with a reason, by contents where these say more than the name", async () => {
    const found = await recognised({
      "TS_01.mrc": "",
      "TS_01.rec~": "x",
      "slurm-123.out": "done\n",
      "process.py": "print(1)\n",
      "path.cmm": "<marker_set/>\n",
      "photo.mrc": new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0]),
      "data.zip": new Uint8Array([0x50, 0x4b, 3, 4, 0, 0, 0, 0]),
      "slides.pptx": new Uint8Array([0x50, 0x4b, 3, 4, 0, 0, 0, 0]),
      "picks.xlsx": new Uint8Array([0x50, 0x4b, 3, 4, 0, 0, 0, 0]),
      "picks_old.xls": new Uint8Array([0xd0, 0xcf, 0x11, 0xe0, 0, 0, 0, 0]),
      "results/model_iter30.h5": new Uint8Array([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]),
      "Thumbnails/TS_01.mrc": mrcFile([1, 20, 20], 1),
      "ctf/TS_01_ctf.mrc": mrcFile([5, 16, 16], 1, { kind: "stack" }),
      "TS_01_power_spectrum.mrc": mrcFile([1, 16, 16], 3),
    });
    expect(Object.fromEntries(found!.claims.map(({ path, because, strength }) => [path, `${because}, by ${strength}`]))).toEqual({
      "TS_01.mrc": "an empty file, by contents",
      "TS_01.rec~": "a backup of an older file, by name",
      "slurm-123.out": "a log, by name",
      "process.py": "a script, by name",
      "path.cmm":
        "markers of ChimeraX, which are not read: save those that are to be published as CSV, with the columns x, y, z in voxels of the tomogram, by name",
      "photo.mrc": "a picture, by contents",
      "data.zip": "an archive, by contents",
      "slides.pptx": "a document, by contents",
      "picks.xlsx":
        "a spreadsheet, which is not read: save what is to be published of it as CSV, such as the columns x, y, z, by contents",
      "picks_old.xls":
        "a spreadsheet, which is not read: save what is to be published of it as CSV, such as the columns x, y, z, by name",
      "results/model_iter30.h5": "a trained model, by name",
      "Thumbnails/TS_01.mrc": "a picture for display, by name",
      "ctf/TS_01_ctf.mrc": "a power spectrum, by contents",
      "TS_01_power_spectrum.mrc": "a power spectrum, by contents",
    });
    expect(found!.notes).toEqual(["1 archive is not looked into (data.zip): unpack what is to be published."]);
  });

  it("are older files with a tilde, which programs put aside for the new ones that lie beside them", async () => {
    // `save_mrc_data` of DeepDeWedge moves a file that is there to `NAME.mrc~`, as IMOD and editors do
    const found = await recognised({
      "a/TS_01_refined.mrc": mrcFile([6, 10, 10], 8),
      "a/TS_01_refined.mrc~": mrcFile([6, 10, 10], 8, { seed: 2 }),
      "b/TS_02.mrc~": mrcFile([6, 10, 10], 8, { seed: 3 }),
    });
    expect(found!.claims.map(({ path, because, strength }) => [path, because, strength])).toEqual([
      ["a/TS_01_refined.mrc~", "an older file, which a/TS_01_refined.mrc has replaced", "bookkeeping"],
      ["b/TS_02.mrc~", "a backup of an older file", "name"],
    ]);
  });

  it("are spectra with the header of the stack that they are called after, beside it", async () => {
    const stack = mrcFile([5, 48, 48], 3.4, { kind: "stack", seed: 1 });
    const spectra = { "TS_01_CTF.mrc": mrcFile([5, 16, 16], 3.4, { kind: "stack" }) };
    expect((await recognised({ "TS_01.mrc": stack, ...spectra }))?.claims.map(({ because }) => because)).toEqual([
      "a power spectrum",
    ]);
    const binned = { "TS_01_CTF.mrc": mrcFile([5, 16, 16], 10.2, { kind: "stack" }) };
    expect(await recognised({ "TS_01.mrc": stack, ...binned })).toBeUndefined();
  });

  it("are what ctffind shows of a stack, under any name and with its pixel, as the text beside it says", async () => {
    const spectra = mrcFile([5, 16, 16], 3.4, { kind: "stack" });
    const text =
      "# Output from CTFFind version 4.1.14, run on 2024-09-27 09:12:44\n# Input file: ../imod/TS_01.st ; Number of micrographs: 5\n";
    const found = await recognised({
      "ctffind/TS_01_fit.mrc": spectra,
      "ctffind/TS_01_fit_avrot.txt": text,
      "ctffind/TS_02_fit.mrc": spectra,
      "ctffind/TS_02_fit.txt": text.replaceAll("TS_01", "TS_02"), // the other text is gone
      "ctffind/TS_03_fit.mrc": spectra,
      "ctffind/TS_03_fit.txt": "# Input file: TS_03.st\n",
      "imod/TS_01.mrc": mrcFile([5, 16, 16], 3.4, { kind: "stack", seed: 1 }),
      "imod/TS_01_avrot.txt": text.replace(".st", ".mrc"), // of TS_01.ctf, which is gone
    });
    expect(found?.claims.map(({ path, because }) => `${path}: ${because}`)).toEqual([
      "ctffind/TS_01_fit.mrc: a power spectrum",
      "ctffind/TS_02_fit.mrc: a power spectrum",
    ]);
  });

  it("are no data that are called like them", async () => {
    const found = await recognised({
      "TS_01_ctf.mrc": mrcFile([5, 16, 16], 3.4, { kind: "stack" }),
      "ctf.mrc": mrcFile([5, 16, 16], 3.4),
      "powder_01.mrc": mrcFile([5, 16, 16], 3.4, { kind: "stack" }),
      "TS_01.aln": "# AreTomo\n",
      "TS_01.h5": new Uint8Array([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]),
      "TS_01.rawtlt": "0\n",
    });
    expect(found).toBeUndefined();
  });
});
