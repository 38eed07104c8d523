import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { portal } from "./recognise.js";

const volume = mrcFile([6, 10, 10], 8);

async function claimsOf(files: Record<string, string | Uint8Array>) {
  const recognised = await portal.recognise(await laboratoryWith(files));
  return {
    recognised,
    claims: Object.fromEntries(
      (recognised?.claims ?? []).map(({ path, role, run, details }) => [path, { role, run, ...(details && { details }) }]),
    ),
  };
}

describe("(36) a dataset of the portal beside others", () => {
  const tomogram = "down/10440/TS_5/Reconstructions/VoxelSpacing8.000/Tomograms/100/TS_5.mrc";
  const download = {
    "down/10440/dataset_metadata.json": `{"dataset_title": "A challenge", "authors": [{"name": "A. Person"}, {"name": "B. Person"}]}`,
    "down/10440/TS_5/run_metadata.json": "{}",
    [tomogram]: volume,
  };

  it("is asked about, with its title, and not published until somebody wants it", async () => {
    const { recognised, claims } = await claimsOf({ ...download, "mine/TS_1.mrc": volume });
    expect(recognised!.questions).toMatchObject([
      {
        text: "Should down/10440 be published?",
        why: "It is a dataset in the layout of the CryoET Data Portal (A challenge, by A. Person and others), with 1 run, downloaded or written by an earlier ingest, and there are other data next to it.",
        ...{ files: [tomogram], guess: "leave-out" },
        options: [
          { answer: "leave-out", claims: [{ path: tomogram, role: "left out" }] },
          { answer: "publish", claims: [{ path: tomogram, role: "tomogram", run: "TS_5" }] },
        ],
      },
    ]);
    expect(claims[tomogram]).toBeUndefined();
  });

  it("is what the person has come with where nothing else lies there", async () => {
    const { recognised, claims } = await claimsOf(download);
    expect([recognised!.questions, claims[tomogram]?.role]).toEqual([[], "tomogram"]);
  });
});

describe("the portal's layout", () => {
  it("says by its metadata what each file is", async () => {
    // keys as https://chanzuckerberg.github.io/cryoet-data-portal has them; the shapes of /30001/RUN1 there
    const run = "10001/TS_01";
    const spacing = `${run}/Reconstructions/VoxelSpacing8.000`;
    const { claims, recognised } = await claimsOf({
      "10001/dataset_metadata.json": "{}",
      "10001/Images/snapshot.png": "x",
      [`${run}/run_metadata.json`]: `{"run_name": "TS_01"}`,
      [`${run}/Frames/TS_01.mdoc`]: "x",
      [`${run}/Frames/TS_01_001.tif`]: "x",
      [`${run}/Frames/frames_metadata.json`]: "{}",
      [`${run}/Gains/gain.mrc`]: volume,
      [`${run}/TiltSeries/100/TS_01.mrc`]: mrcFile([5, 10, 10], 2, { kind: "stack" }),
      [`${run}/TiltSeries/100/TS_01.zarr/zarr.json`]: "{}",
      [`${run}/TiltSeries/100/TS_01.rawtlt`]: "0\n",
      [`${run}/TiltSeries/100/TS_01_CTFFIND_ctf.txt`]: "0\n",
      [`${run}/TiltSeries/100/tiltseries_metadata.json`]: `{"pixel_spacing": 2.17}`,
      [`${run}/Alignments/100/TS_01.xf`]: "1 0 0 1 0 0\n",
      [`${run}/Alignments/100/alignment_metadata.json`]: `{"format": "IMOD", "method_type": "patch_tracking", "alignment_type": "GLOBAL"}`,
      [`${spacing}/Tomograms/100/TS_01.mrc`]: volume,
      [`${spacing}/Tomograms/100/tomogram_metadata.json`]: `{"voxel_spacing": 8, "processing": "denoised", "processing_software": "cryoCARE", "fiducial_alignment_status": "FIDUCIAL", "ctf_corrected": "", "reconstruction_method": "nonsense"}`,
      [`${spacing}/NeuroglancerPrecompute/100-x/info`]: "{}",
      [`${spacing}/Annotations/100/membrane-1.0.json`]: `{"annotation_object": {"name": "membrane"}}`,
      [`${spacing}/Annotations/100/membrane-1.0_segmentationmask.mrc`]: volume,
      [`${spacing}/Annotations/100/ribosome-1.0_point.ndjson`]: "{}",
    });
    expect(claims).toEqual({
      "10001/dataset_metadata.json": { role: "left out", run: undefined },
      "10001/Images/snapshot.png": { role: "left out", run: undefined },
      [`${run}/run_metadata.json`]: { role: "left out", run: "TS_01" },
      [`${run}/Frames/TS_01.mdoc`]: { role: "acquisition", run: "TS_01" },
      [`${run}/Frames/TS_01_001.tif`]: { role: "frame", run: "TS_01" },
      [`${run}/Frames/frames_metadata.json`]: { role: "left out", run: "TS_01" },
      [`${run}/Gains/gain.mrc`]: { role: "gain", run: "TS_01" },
      [`${run}/TiltSeries/100/TS_01.mrc`]: { role: "tilt series", run: "TS_01", details: { spacingAngstrom: 2.17 } },
      [`${run}/TiltSeries/100/TS_01.zarr`]: { role: "left out", run: "TS_01" },
      [`${run}/TiltSeries/100/TS_01.rawtlt`]: { role: "raw tilts", run: "TS_01" },
      [`${run}/TiltSeries/100/TS_01_CTFFIND_ctf.txt`]: { role: "ctf", run: "TS_01", details: { format: "CTFFIND" } },
      [`${run}/TiltSeries/100/tiltseries_metadata.json`]: { role: "left out", run: "TS_01" },
      [`${run}/Alignments/100/TS_01.xf`]: {
        role: "alignment",
        run: "TS_01",
        details: { format: "IMOD", methodType: "patch_tracking", alignmentType: "GLOBAL" },
      },
      [`${run}/Alignments/100/alignment_metadata.json`]: { role: "left out", run: "TS_01" },
      [`${spacing}/Tomograms/100/TS_01.mrc`]: {
        role: "tomogram",
        run: "TS_01",
        details: { spacingAngstrom: 8, processing: "denoised", processingSoftware: "cryoCARE", fiducial: true },
      },
      [`${spacing}/Tomograms/100/tomogram_metadata.json`]: { role: "left out", run: "TS_01" },
      [`${spacing}/NeuroglancerPrecompute/100-x/info`]: { role: "left out", run: "TS_01" },
      [`${spacing}/Annotations/100/membrane-1.0.json`]: { role: "left out", run: "TS_01" },
      [`${spacing}/Annotations/100/membrane-1.0_segmentationmask.mrc`]: {
        role: "mask",
        run: "TS_01",
        details: { label: 1, object: "membrane" },
      },
      [`${spacing}/Annotations/100/ribosome-1.0_point.ndjson`]: { role: "left out", run: "TS_01" },
    });
    expect(recognised!.notes!.join()).toContain("copick");
  });

  it("is not known by folders alone; broken metadata say nothing", async () => {
    expect((await claimsOf({ "a/TS_01/TiltSeries/TS_01.mrc": volume, "a/TS_01/Frames/x.tif": "x" })).recognised).toBeUndefined();
    const { claims } = await claimsOf({
      "1/a/Reconstructions/VoxelSpacing8.000/CanonicalTomogram/a.mrc": volume,
      "1/a/Reconstructions/VoxelSpacing8.000/CanonicalTomogram/tomogram_metadata.json": "{oh",
      "2/a/run_metadata.json": "",
      "2/a/notes.txt": "x",
    });
    expect(claims["1/a/Reconstructions/VoxelSpacing8.000/CanonicalTomogram/a.mrc"]).toEqual({ role: "tomogram", run: "1_a" });
    expect(claims["2/a/notes.txt"]).toBeUndefined();
  });

  it("(34.silence) tells of metadata that are no JSON", async () => {
    const place = "DS/TS_01/Reconstructions/VoxelSpacing8.000/Tomograms/100";
    const { recognised } = await claimsOf({
      [`${place}/tomogram_metadata.json`]: '{"voxel_spacing": 8, ',
      [`${place}/TS_01.mrc`]: volume,
    });
    expect(recognised!.notes).toEqual([expect.stringContaining(`No JSON can be read in ${place}/tomogram_metadata.json`)]);
  });

  it("is known without its metadata, as of a dataset of which somebody fetched the volumes", async () => {
    const spacing = "10004/TS_02/Reconstructions/VoxelSpacing13.480";
    const { claims, recognised } = await claimsOf({
      [`${spacing}/Tomograms/100/TS_02.mrc`]: volume,
      [`${spacing}/Annotations/101/ribosome-1.0_point.ndjson`]: "{}",
      "10004/TS_02/TiltSeries/100/TS_02.mrc": mrcFile([5, 10, 10], 2, { kind: "stack" }),
    });
    expect(claims).toEqual({
      [`${spacing}/Tomograms/100/TS_02.mrc`]: { role: "tomogram", run: "TS_02" },
      [`${spacing}/Annotations/101/ribosome-1.0_point.ndjson`]: { role: "left out", run: "TS_02" },
      "10004/TS_02/TiltSeries/100/TS_02.mrc": { role: "tilt series", run: "TS_02" },
    });
    expect(recognised!.notes!.join()).toContain("are not published: export them as copick's JSON");
    // a person's folder is called so, too
    expect((await claimsOf({ "a/Reconstructions/VoxelSpacing10/Tomograms/100/b.mrc": volume })).recognised).toBeUndefined();
  });
});
