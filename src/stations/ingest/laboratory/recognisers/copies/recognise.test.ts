import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { fileStore } from "../../../../../stores/file/store.js";
import { survey } from "../../survey/survey.js";
import { copies } from "./recognise.js";

const volume = (seed: number, shape: [number, number, number] = [6, 10, 10]) => mrcFile(shape, 8, { seed });
const reasonsOf = async (files: Record<string, string | Uint8Array>) =>
  Object.fromEntries(
    ((await copies.recognise(await laboratoryWith(files)))?.claims ?? []).map(({ path, because }) => [path, because]),
  );
const MDOC = `${"[ZValue = 0]\nTiltAngle = 3\n".repeat(60)}`;

describe("copies", () => {
  it("are files that a link shows under another name", async () => {
    const folder = await mkdtemp(join(tmpdir(), "emporium-links-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    for (const [name, content] of [
      ["TS_01.rec", volume(1)],
      ["TS_02.rec", volume(2)],
      ["angles.rawtlt", MDOC],
    ] as const) {
      await writeFile(join(folder, name), content);
      await symlink(name, join(folder, `zz ${name}`));
    }
    const claims = (await copies.recognise(await survey(fileStore(folder), new AbortController())))?.claims;
    expect(claims?.map(({ path, copyOf }) => [path, copyOf])).toEqual([
      ["zz TS_01.rec", "TS_01.rec"],
      ["zz TS_02.rec", "TS_02.rec"],
    ]);
  });

  it("are links by which a program counts its tomograms, and not what they lead to", async () => {
    const folder = await mkdtemp(join(tmpdir(), "emporium-links-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "TS_04_dose-filt.rec"), volume(1));
    await symlink("TS_04_dose-filt.rec", join(folder, "3.rec"));
    const claims = (await copies.recognise(await survey(fileStore(folder), new AbortController())))?.claims;
    expect(claims?.map(({ path, copyOf }) => [path, copyOf])).toEqual([["3.rec", "TS_04_dose-filt.rec"]]);
  });

  it("are links under the name of what they lead to, whatever the folder is called", async () => {
    const folder = await mkdtemp(join(tmpdir(), "emporium-links-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    for (const name of ["alias", "session"]) await mkdir(join(folder, name));
    await writeFile(join(folder, "session", "TS_03.mdoc"), MDOC);
    await writeFile(join(folder, "session", "TS_03 (1).mdoc"), MDOC);
    await symlink("../session/TS_03.mdoc", join(folder, "alias", "TS_03.mdoc"));
    const claims = (await copies.recognise(await survey(fileStore(folder), new AbortController())))?.claims;
    expect(claims?.map(({ path, copyOf }) => [path, copyOf])).toEqual([["session/TS_03 (1).mdoc", "session/TS_03.mdoc"]]);
  });

  it("lie elsewhere than on a drive that its maker calls a backup", async () => {
    const given = "USB/for Marie/yeast/TS_01.rec";
    expect(await reasonsOf({ "Backup Plus/ben/TS_01.rec": volume(1), [given]: volume(1) })).toEqual({
      [given]: "a copy of Backup Plus/ben/TS_01.rec",
    });
  });

  it("are files of equal contents whose names or folders say it", async () => {
    expect(
      await reasonsOf({
        "TS_01.rec": volume(1),
        "TS_01 (1).rec": volume(1),
        "TS_01_final.rec": volume(1),
        "Copy of TS_02.rec": volume(2),
        "TS_02.rec": volume(2),
        "backup/2021/TS_02.rec": volume(2),
        "TS_03.mdoc": MDOC,
        "TS_03 - Kopie.mdoc": MDOC,
        "relion/matching.star": MDOC,
        "other/matching.star": MDOC,
        "beads/TS_03.mod": "few",
        "beads/TS_03 (1).mod": "few",
        "thesis/TS_04.rec": volume(4),
        "tomograms/run/TS_04.rec": volume(4),
      }),
    ).toEqual({
      "TS_01 (1).rec": "a copy of TS_01.rec",
      "TS_01_final.rec": "a copy of TS_01.rec",
      "Copy of TS_02.rec": "a copy of TS_02.rec",
      "backup/2021/TS_02.rec": "a copy of TS_02.rec",
      "TS_03 - Kopie.mdoc": "a copy of TS_03.mdoc",
      "beads/TS_03 (1).mod": "a copy of beads/TS_03.mod",
      "relion/matching.star": "a copy of other/matching.star",
      "tomograms/run/TS_04.rec": "a copy of thesis/TS_04.rec",
    });
  });

  it("are no files of other contents, no equal texts of several runs, and no gain references", async () => {
    const holey = volume(9, [80, 50, 50]);
    const other = holey.slice();
    other[other.length / 2] = 200;
    expect(
      await reasonsOf({
        "TS_01.rec": volume(1),
        "TS_01 (1).rec": volume(2),
        "TS_02_denoised.rec": volume(3),
        "TS_02.rec": volume(4),
        "TS_01/angles.rawtlt": MDOC,
        "TS_02/angles.rawtlt": MDOC,
        "TS_01/gain.mrc": volume(5),
        "TS_02/gain.mrc": volume(5),
        "a/mask.mrc": holey,
        "b/mask.mrc": other,
        "TS_05/seed.mod": "few",
        "TS_06/seed.mod": "few",
        "TS_07.rec": volume(7),
        "TS_08.rec": volume(7),
      }),
    ).toEqual({});
  });

  it("are the one that lies alone, of two of one name, however short its path is", async () => {
    const files = {
      "for_lena/TS_02.rec": volume(2),
      "project/aretomo/bin8/TS_01.rec": volume(1),
      "project/aretomo/bin8/TS_02.rec": volume(2),
    };
    expect(await reasonsOf(files)).toEqual({ "for_lena/TS_02.rec": "a copy of project/aretomo/bin8/TS_02.rec" });
  });

  it("are no angles beside a stack of their own, though the folder is called old", async () => {
    const angles = "-6\n-3\n0\n";
    const stack = (seed: number) => mrcFile([3, 10, 10], 2, { kind: "stack", seed });
    const series = { "TS_01/TS_01.st": stack(1), "TS_01/TS_01.rawtlt": angles, "old/TS_01/TS_01.rawtlt": angles };
    expect(await reasonsOf({ ...series, "old/TS_01/TS_01.st": stack(2) })).toEqual({});
    expect(await reasonsOf({ ...series, "old/TS_01/TS_01.st": stack(1) })).toMatchObject({
      "old/TS_01/TS_01.rawtlt": "a copy of TS_01/TS_01.rawtlt",
      "old/TS_01/TS_01.st": "a copy of TS_01/TS_01.st",
    });
  });

  it("of equal lists of angles are those alone that are called copies", async () => {
    const files = { "A/TS_01.rawtlt": MDOC, "B/TS_01.rawtlt": MDOC, "B/raw copy (1)/TS_01.rawtlt": MDOC };
    expect(Object.keys(await reasonsOf(files))).toEqual(["B/raw copy (1)/TS_01.rawtlt"]);
  });

  it("(34.silence) are no masks that differ where no piece of them is read", async () => {
    const mask = (voxel: number) => {
      const bytes = mrcFile([80, 100, 100], 8, { value: 0 });
      bytes[1024 + 4 * voxel] = 1;
      return bytes;
    };
    const files = {
      "TS_01_mask.mrc": mask(100_000),
      "TS_01_mask_final.mrc": mask(290_000),
      "TS_01_mask_copy.mrc": mask(100_000),
    };
    expect(await reasonsOf(files)).toEqual({ "TS_01_mask_copy.mrc": "a copy of TS_01_mask.mrc" });
  });
});
