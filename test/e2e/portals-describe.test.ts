import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Offline, offline, plain } from "./portals-kit.js";

let portals: Offline;
beforeAll(async () => {
  portals = await offline();
});
afterAll(() => portals.close());

const DETAIL = "https://idr.openmicroscopy.org/webclient/img_detail/9846137/?dataset=10740";
const ARCHIVE =
  "https://ftp.ebi.ac.uk/pub/databases/IDR/idr0086-miron-micrographs/20200610-ftp/experimentD/Miron_FIB-SEM/Miron_FIB-SEM_processed";

describe("every record", () => {
  it("says where it comes from, when, and what each reply was", async () => {
    const [record] = await portals.describe(DETAIL);
    expect(record).toMatchObject({
      key: "idr",
      suffix: "9846137",
      portal: "idr",
      retrieved_at: expect.stringMatching(/^2026-01-02T03:04:/),
    });
    expect(record!.source_url).toBe("https://idr.openmicroscopy.org/webclient/?show=image-9846137");
    expect(record!.requests.length).toBeGreaterThan(5);
    for (const request of record!.requests) {
      expect(request).toMatchObject({
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        retrieved_at: expect.stringMatching(/^2026-01-02T03:0/),
      });
      expect(request.url).toMatch(/^https:\/\/(idr\.openmicroscopy\.org|ftp\.ebi\.ac\.uk|raw\.githubusercontent\.com)\//);
    }
  });
});

describe("IDR", () => {
  it("describes an image, and finds its file in the study's list", async () => {
    const [record] = await portals.describe(DETAIL);
    expect(record!.download_links).toEqual([`${ARCHIVE}/Figure_S3B_FIB-SEM_U2OS_20x20x20nm_xy.tif`]);
    expect(Object.keys(record!.raw_metadata)).toEqual([
      "imgData",
      "image",
      "datasets",
      "projects",
      "annotations",
      "original_file",
    ]);
    expect(plain(record!.raw_metadata)).toMatchObject({
      imgData: { size: { width: 1121, height: 775, z: 184 }, pixel_size: { x: 0.02, y: 0.02, z: 0.02 }, init_zoom: 0 },
      image: { "@id": 9846137, Pixels: { SizeZ: 184 } },
      datasets: [{ "@id": 10740, Name: "U2OS_chromatin" }],
      projects: [{ Name: "idr0086-miron-micrographs/experimentD" }],
      annotations: [{ values: [["Organism", "Homo sapiens"]] }, {}, {}],
      original_file: { repo: [expect.stringContaining("demo_2/")] },
    });
    expect(record!.warnings).toEqual([]);
  });

  it("keeps the cookies of the public user, which is asked for once", async () => {
    const before = portals.requests.length;
    await portals.describe(DETAIL);
    const visits = portals.requests.slice(before).filter(({ path }) => path === "/webclient/");
    expect(visits).toHaveLength(1);
  });

  it("takes what the server says of the file's origin before the study's list", async () => {
    const before = portals.requests.length;
    const [record] = await portals.describe("https://idr.openmicroscopy.org/webclient/?show=image-9846128");
    expect(record!.download_links).toEqual([`${ARCHIVE}/Figure_S3A_FIB-SEM_HeLa_20x20x20nm_1.tif`]);
    expect(portals.requests.slice(before).some(({ host }) => host === "raw.githubusercontent.com")).toBe(false);
  });

  it.each([
    ["https://idr.openmicroscopy.org/webclient/?show=dataset-10740", 2],
    ["https://idr.openmicroscopy.org/webclient/?show=dataset-10739", 9],
    ["https://idr.openmicroscopy.org/webclient/?show=project-1151", 11],
    ["https://idr.openmicroscopy.org/webclient/?show=image-9846137|image-9846138", 2],
    ["https://idr.openmicroscopy.org/webclient/?show=plate-42", 1],
    ["https://idr.openmicroscopy.org/webclient/?show=well-7", 1],
    ["https://idr.openmicroscopy.org/webclient/?show=screen-3", 1],
    ["https://idr.openmicroscopy.org/iviewer/?images=9846137,9846138&dataset=10740", 2],
    ["https://idr.openmicroscopy.org/iviewer/?dataset=10740", 2],
    ["idr0086", 11],
    ["https://idr.openmicroscopy.org/search/?query=Name:idr0086", 11],
  ])("describes each image of %s: %i", async (typed, count) => {
    const records = await portals.describe(typed);
    expect(records).toHaveLength(count);
    expect(new Set(records.map(({ suffix }) => suffix)).size).toBe(count);
  });

  it("gives plates as the parents of an image in a well, and says when no public file is known", async () => {
    const [record] = await portals.describe("https://idr.openmicroscopy.org/webclient/img_detail/12001/");
    expect(plain(record!.raw_metadata)).toMatchObject({ plates: [{ "@id": 42 }] });
    expect(record!.raw_metadata).not.toHaveProperty("datasets");
    expect(record!.download_links).toEqual([]);
    expect(record!.warnings).toEqual([expect.stringContaining("no file of the public archive")]);
  });

  it("stops asking when nobody reads on", async () => {
    const before = portals.requests.length;
    await portals.describe("idr0086", { limit: 1 });
    expect(portals.requests.slice(before).filter(({ path }) => path.startsWith("/webclient/imgData/"))).toHaveLength(1);
  });

  it("lists the files of a data set by their names", async () => {
    const { files } = await portals.list("https://idr.openmicroscopy.org/webclient/?show=dataset-10740");
    expect(files.map(({ path }) => path)).toEqual([
      "Figure_S3B_FIB-SEM_U2OS_20x20x20nm_xy.tif",
      "Figure_S3B_FIB-SEM_U2OS_20x20x20nm_xz.tif",
    ]);
  });

  it.each(["https://idr.openmicroscopy.org/webclient/img_detail/1/", "idr9999", "https://idr.openmicroscopy.org/search/"])(
    "NOT_FOUND for %s",
    async (typed) => {
      await expect(portals.describe(typed)).rejects.toMatchObject({ code: "NOT_FOUND" });
    },
  );

  it("walks the archive's folders when neither server nor study list knows the file", async () => {
    const bare = await offline({
      fault: ({ host, path }) => (host === "raw.githubusercontent.com" && path.endsWith(".tsv") ? { status: 404 } : undefined),
    });
    try {
      const [record] = await bare.describe(DETAIL);
      expect(record!.download_links).toEqual([`${ARCHIVE}/Figure_S3B_FIB-SEM_U2OS_20x20x20nm_xy.tif`]);
      expect(bare.requests.some(({ host, path }) => host === "ftp.ebi.ac.uk" && path.endsWith("/"))).toBe(true);
    } finally {
      await bare.close();
    }
  });

  it("keeps the record, with a warning, when something besides the image fails", async () => {
    const ill = await offline({ fault: ({ path }) => (path.startsWith("/webclient/api/") ? { status: 500 } : undefined) });
    try {
      const [record] = await ill.describe(DETAIL);
      expect(record!.download_links).toHaveLength(1);
      expect(record!.warnings).toEqual([expect.stringMatching(/^annotations: .*answers 500.*tried 5 times/)]);
      expect(record!.requests.filter(({ status }) => status === 500)).toHaveLength(1);
    } finally {
      await ill.close();
    }
  });
});

describe("EMPIAR", () => {
  it("gives the interface's object and the archive's folder", async () => {
    const [record] = await portals.describe("EMPIAR-11759");
    expect(record!.download_links).toEqual(["https://ftp.ebi.ac.uk/empiar/world_availability/11759"]);
    expect(plain(record!.raw_metadata)).toMatchObject({
      "EMPIAR-11759": {
        title: "Developing retina in zebrafish 55 hpf larval eye.",
        experiment_type: "SBF-SEM",
        imagesets: [{ pixel_width: 80, image_width: "5628", num_images_or_tilt_series: 16 }],
      },
    });
    expect(record!.requests).toHaveLength(1);
  });

  it("gives the XML's object with --compat reference", async () => {
    const [record] = await portals.describe("EMPIAR-11759", { compat: true });
    expect(plain(record!.raw_metadata)).toMatchObject({
      entry: {
        "@accessionCode": "EMPIAR-11759",
        admin: {
          keyDates: { depositionDate: "2023-11-01", obsoleteDate: null },
          datasetSize: { "@units": "GB", "#text": "1.2" },
        },
        imageSet: {
          numImagesOrTiltSeries: "16",
          dimensions: { pixelWidth: { "@units": "A", "#text": "80.0" } },
          segmentationList: null,
        },
      },
    });
  });

  it("falls back to the XML when the interface does not answer", async () => {
    const ill = await offline({ fault: ({ path }) => (path.startsWith("/empiar/api/") ? { status: 502 } : undefined) });
    try {
      const [record] = await ill.describe("https://www.ebi.ac.uk/empiar/EMPIAR-11759/");
      expect(record!.raw_metadata).toHaveProperty("entry");
      expect(record!.warnings).toEqual([expect.stringContaining("the entry interface did not answer")]);
    } finally {
      await ill.close();
    }
  });

  it("lists the sixteen slices", async () => {
    const { files, warnings } = await portals.list("10.6019/EMPIAR-11759");
    expect(files).toHaveLength(16);
    expect(files[0]).toMatchObject({
      path: "data/F57-8_test1_3VBSED_slice_0000.dm3",
      url: "https://ftp.ebi.ac.uk/empiar/world_availability/11759/data/F57-8_test1_3VBSED_slice_0000.dm3",
      size: undefined,
      modifiedMs: Date.UTC(2024, 0, 15, 12),
    });
    expect(warnings).toEqual([]);
  });

  it("lists again what one machine of the mirror does not show, and says what is missing still", async () => {
    let lists = 0;
    const short = (count: number) =>
      `<pre>${Array.from({ length: count }, (_, n) => `<a href="slice_${n}.dm3">slice_${n}.dm3</a>`).join("\n")}</pre>`;
    const flaky = await offline({
      fault: ({ path }) => (path.endsWith("/11759/data/") ? { status: 200, body: short(++lists === 1 ? 14 : 15) } : undefined),
    });
    try {
      const { files, warnings } = await flaky.list("EMPIAR-11759");
      expect([lists, files.length]).toEqual([2, 15]);
      expect(warnings).toEqual([expect.stringContaining("15 files below data")]);
    } finally {
      await flaky.close();
    }
  });

  it("NOT_FOUND for an entry that is not there", async () => {
    await expect(portals.describe("EMPIAR-99999")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("EPFL", () => {
  it("gives the paragraph and each file once, its blank encoded", async () => {
    const [record] = await portals.describe("https://www.epfl.ch/labs/cvlab/data/data-em/");
    const folder = "https://documents.epfl.ch/groups/c/cv/cvlab-unit/www/data/%20ElectronMicroscopy_Hippocampus";
    const names = ["volumedata", "training", "testing", "training_groundtruth", "testing_groundtruth", "results_test"];
    expect(record!.download_links).toEqual(names.map((name) => `${folder}/${name}.tif`));
    expect(record!.extra.dataset_description).toMatch(
      /^The data set shows a section of 5x5x5µm .*5x5x5nm\. All files are multipage TIF\.$/,
    );
    expect(plain(record!.raw_metadata)).toMatchObject({
      title: "Electron Microscopy Dataset – CVLAB ‐ EPFL",
      links: expect.arrayContaining([expect.objectContaining({ text: "training" })]),
    });
  });

  it("lists them", async () => {
    const { files } = await portals.list("https://www.epfl.ch/labs/cvlab/data/data-em/");
    expect(files.map(({ path, kind }) => [path, kind])[0]).toEqual(["volumedata.tif", "file"]);
    expect(files).toHaveLength(6);
  });

  it("NOT_FOUND for a page that is not there", async () => {
    await expect(portals.describe("https://www.epfl.ch/labs/cvlab/data/other/")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

const VOLUME = "zarr://s3://janelia-cosem-datasets/jrc_mus-nacc-2/jrc_mus-nacc-2.zarr/recon-2/em/fibsem-int16";

describe("OpenOrganelle", () => {
  it("reads the page's sections and its viewer's layers", async () => {
    const [record] = await portals.describe("https://openorganelle.janelia.org/datasets/jrc_mus-nacc-2");
    expect(record!.download_links).toEqual([VOLUME]);
    expect(record!.raw_metadata["FIB-SEM parameters"]).toEqual({
      "Imaging_duration_(days)_": " 1",
      "Bias_(Volts)": " 500",
      "Scan_rate_(MHz)": " 0.4",
      "Current_(nA)": " 0.22",
      "Primary_energy_(eV)": " 200",
    });
    expect(record!.warnings).toEqual([expect.stringMatching(/^NEEDS_KEY: /)]);
  });

  it("gives only the page's sections with --compat reference", async () => {
    const [record] = await portals.describe("https://openorganelle.janelia.org/datasets/jrc_mus-nacc-2", { compat: true });
    expect(Object.keys(record!.raw_metadata)).toEqual(["Acquisition details", "FIB-SEM parameters"]);
  });

  it("asks the database when there is a key, and gives the same facts", async () => {
    const [record] = await portals.describe("https://openorganelle.janelia.org/datasets/jrc_mus-nacc-2", { key: "offline-key" });
    expect(record!.warnings).toEqual([]);
    expect(record!.download_links).toEqual([VOLUME]);
    const [page] = await portals.describe("https://openorganelle.janelia.org/datasets/jrc_mus-nacc-2");
    expect(record!.raw_metadata["FIB-SEM parameters"]).toEqual(page!.raw_metadata["FIB-SEM parameters"]);
    expect(page!.raw_metadata["Acquisition details"]).toMatchObject({
      Imaging_start_date: " Mon Mar 09 2015",
      "Final_voxel_size_(nm)": " (4, 4, 2.96) (x, y, z)",
      "Dimensions_(nm)": " (10384, 10080, 1669.44) (x, y, z)",
    });
    const {
      Nuclei_segmentations: _n,
      "reconstructed_FIB-SEM_data": _r,
      "Wu_et_al.,_2017": _w,
      "Xu_et_al.,_2021": _x,
      ...shared
    } = page!.raw_metadata["Acquisition details"] as Record<string, string>;
    expect(record!.raw_metadata["Acquisition details"]).toEqual(shared);
    expect(JSON.stringify(record)).not.toContain("offline-key");
  });

  it("goes on with the page when the key is wrong", async () => {
    const [record] = await portals.describe("https://openorganelle.janelia.org/datasets/jrc_mus-nacc-2", { key: "wrong-key" });
    expect(record!.download_links).toEqual([VOLUME]);
    expect(record!.warnings).toEqual([expect.stringMatching(/^database: .*401/)]);
  });

  it("finds the volumes in the bucket when the page holds nothing", async () => {
    const bare = await offline({ organellePage: "empty" });
    try {
      const [record] = await bare.describe("https://openorganelle.janelia.org/datasets/jrc_mus-nacc-2");
      expect(record!.download_links).toEqual([VOLUME]);
      expect(plain(record!.raw_metadata)).toMatchObject({
        sources: {
          bucket: { "jrc_mus-nacc-2/jrc_mus-nacc-2.zarr/recon-2/em/fibsem-int16": { multiscales: [{ version: "0.4" }] } },
        },
      });
    } finally {
      await bare.close();
    }
  });

  it("reads the older manifests: units as the page shows them, N5", async () => {
    const [record] = await portals.describe("s3://janelia-cosem-datasets/jrc_example-1/");
    expect(record!.download_links).toEqual(["n5://s3://janelia-cosem-datasets/jrc_example-1/jrc_example-1.n5/em/fibsem-uint16"]);
    expect(record!.raw_metadata["Acquisition details"]).toEqual({
      Imaging_start_date: " Wed Jun 21 2017",
      "Final_voxel_size_(nm)": " (4, 4, 3.36) (x, y, z)",
      "Dimensions_(nm)": " (48000, 6400, 20100) (x, y, z)",
      Dataset_ID: " jrc_example-1",
      em: "https://doi.org/10.25378/janelia.00000001",
      "Example_et_al.,_2020": "https://doi.org/10.0000/example",
      Dataset_location: " s3://janelia-cosem-datasets/jrc_example-1/",
    });
  });

  it("takes the volumes below an address of the bucket", async () => {
    const { files } = await portals.list("s3://janelia-cosem-datasets/jrc_example-1/jrc_example-1.n5/em");
    expect(files.map(({ url }) => url)).toEqual([
      "n5://s3://janelia-cosem-datasets/jrc_example-1/jrc_example-1.n5/em/fibsem-uint16",
    ]);
  });

  it("NOT_FOUND for a data set that no source knows", async () => {
    await expect(portals.describe("https://openorganelle.janelia.org/datasets/jrc_none")).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });
});

const HEMIBRAIN = "precomputed://gs://neuroglancer-janelia-flyem-hemibrain";

describe("Neuroglancer links", () => {
  it.each(["hemibrain-ng", "hemibrain-ng-merge", "hemibrain-ng-safe", "hemibrain-ng-stored", "chain"])(
    "follows tinyurl.com/%s to the state of six layers",
    async (name) => {
      const [record] = await portals.describe(`https://tinyurl.com/${name}`);
      expect(record!.download_links).toEqual(
        [
          "emdata/clahe_yz/jpeg",
          "v1.0/segmentation",
          "v1.0/rois",
          "v1.0/synapses",
          "mito_20190717.27250582",
          "mask_normalized_round6",
        ].map((path) => `${HEMIBRAIN}/${path}`),
      );
      expect(plain(record!.raw_metadata)).toMatchObject({
        position: [16191.96484375, 20705.708984375, 18610],
        crossSectionScale: 54.23751620061224,
        layout: "4panel",
        dimensions: { x: [8e-9, "m"] },
      });
      expect(plain(record!.raw_metadata)).toEqual(
        plain((await portals.describe("https://tinyurl.com/hemibrain-ng"))[0]!.raw_metadata),
      );
    },
  );

  it("names the record by the short link, the title, or itself", async () => {
    const state = (value: unknown) => `https://neuroglancer-demo.appspot.com/#!${encodeURIComponent(JSON.stringify(value))}`;
    const key = async (typed: string) => (await portals.describe(typed))[0]!.key;
    expect(await key("https://tinyurl.com/hemibrain-ng")).toBe("hemibrain");
    expect(await key(state({ title: "My view", layers: [] }))).toBe("My view");
    expect(await key(state({ layers: [] }))).toBe("neuroglancer");
  });

  it("keeps integers that a float cannot hold", async () => {
    const typed = `https://neuroglancer-demo.appspot.com/#!${encodeURIComponent('{"layers":[{"segments":[720575940621039145]}]}')}`;
    const [record] = await portals.describe(typed);
    expect(record!.raw_metadata.layers).toEqual([{ segments: [720575940621039145n] }]);
  });

  it("asks for a state where a link points to one", async () => {
    const [record] = await portals.describe(
      `https://neuroglancer-demo.appspot.com/#!gs://neuroglancer-janelia-flyem-hemibrain/states/hemibrain.json`,
    );
    expect(record!.download_links).toHaveLength(6);
  });

  it("lists one volume a layer, each with a name of its own", async () => {
    const { files } = await portals.list("https://tinyurl.com/hemibrain-ng");
    expect(files.map(({ path }) => path)).toEqual([
      "jpeg",
      "segmentation",
      "rois",
      "synapses",
      "mito_20190717.27250582",
      "mask_normalized_round6",
    ]);
  });

  it.each([
    ["away", "ADDRESS_REFUSED"],
    ["stored-away", "ADDRESS_REFUSED"],
    ["loop", "PORTAL_REPLY"],
    ["nowhere", "NOT_FOUND"],
    ["unknown", "NOT_FOUND"],
  ])("tinyurl.com/%s: %s", async (name, code) => {
    await expect(portals.describe(`https://tinyurl.com/${name}`)).rejects.toMatchObject({ code });
  });
});

describe("CryoET Data Portal", () => {
  const S3 = "s3://cryoet-data-portal-public/10000";
  it("gives a dataset's prefix, and all of its authors", async () => {
    const [record] = await portals.describe("https://cryoetdataportal.czscience.com/datasets/10000");
    expect(record!.download_links).toEqual([`${S3}/`]);
    expect(record!.raw_metadata.datasets).toMatchObject([
      { fileSize: 9007199254740993n, authors: { edges: [{ node: { name: "Example A" } }, {}, { node: { name: "Example C" } }] } },
    ]);
  });

  it("gives a run's tomograms, then its tilt series: Zarr, or else MRC", async () => {
    const [record] = await portals.describe("https://cryoetdataportal.czscience.com/runs/501?tab=x");
    const spacing = (value: string, id: number, end: string) =>
      `${S3}/TS_01/Reconstructions/VoxelSpacing${value}/Tomograms/${id}/TS_01.${end}`;
    expect(record!.download_links).toEqual([
      `zarr://${spacing("13.480", 100, "zarr")}`,
      spacing("6.740", 101, "mrc"),
      `zarr://${spacing("27.000", 102, "zarr")}`,
      `zarr://${S3}/TS_01/TiltSeries/200/TS_01.zarr`,
    ]);
  });

  it("gives a deposition's datasets", async () => {
    const [record] = await portals.describe("https://cryoetdataportal.czscience.com/depositions/10005");
    expect(record!.download_links).toEqual([`${S3}/`, "s3://cryoet-data-portal-public/10001/"]);
    expect(record!.raw_metadata.depositions).toMatchObject([{ title: "An example deposition" }]);
  });

  it.each(["datasets/1", "runs/1", "depositions/1"])("NOT_FOUND for %s", async (path) => {
    await expect(portals.describe(`https://cryoetdataportal.czscience.com/${path}`)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("PORTAL_REPLY with the portal's own words", async () => {
    const ill = await offline({
      fault: ({ path }) => (path === "/graphql" ? { status: 200, body: '{"errors":[{"message":"Cannot query"}]}' } : undefined),
    });
    try {
      await expect(ill.describe("https://cryoetdataportal.czscience.com/runs/501")).rejects.toMatchObject({
        code: "PORTAL_REPLY",
        message: expect.stringContaining("Cannot query"),
      });
    } finally {
      await ill.close();
    }
  });
});

describe("BioImage Archive", () => {
  it("gives the submission and the folder of its files", async () => {
    const [record] = await portals.describe("S-BIAD765");
    expect(record!.download_links).toEqual(["https://ftp.ebi.ac.uk/biostudies/fire/S-BIAD/765/S-BIAD765/Files"]);
    expect(plain(record!.raw_metadata)).toMatchObject({ submission: { accno: "S-BIAD765" }, info: { files: 4 } });
  });

  it("lists the files of sections and of file lists; nothing that leaves the folder", async () => {
    const { files, warnings } = await portals.list("https://www.ebi.ac.uk/biostudies/BioImages/studies/S-BIAD765");
    const base = "https://ftp.ebi.ac.uk/biostudies/fire/S-BIAD/765/S-BIAD765/Files";
    expect(files).toEqual([
      { url: `${base}/readme.txt`, path: "readme.txt", kind: "file", size: 12 },
      { url: `zarr://${base}/volume.zarr`, path: "volume.zarr", kind: "volume", size: undefined },
      { url: `${base}/Plate1/A01/cell01.tiff`, path: "Plate1/A01/cell01.tiff", kind: "file", size: 1000 },
      { url: `${base}/Plate1/A02/cell%2002.tiff`, path: "Plate1/A02/cell 02.tiff", kind: "file", size: 1001 },
    ]);
    // (34.silence) what leaves the folder is left out, and told
    expect(warnings).toEqual([
      'an entry of a list of files has no path below the study, and is left out: "../outside.tiff"',
      'the file list "lost.tsv" is not there',
    ]);
  });

  it("NOT_FOUND for a study that is not there", async () => {
    await expect(portals.describe("S-BIAD1")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("direct links", () => {
  it("says what the server says of a file", async () => {
    const url = `${portals.url}/ftp.ebi.ac.uk/empiar/world_availability/11759/data/F57-8_test1_3VBSED_slice_0000.dm3`;
    const [record] = await portals.describe(url);
    expect(record).toMatchObject({ key: "F57-8_test1_3VBSED_slice_0000", portal: "direct", download_links: [url] });
    expect(record!.raw_metadata).toMatchObject({ kind: "file", size: expect.any(Number), etag: expect.any(String) });
  });

  it("NOT_FOUND for a file that is not there", async () => {
    await expect(portals.describe(`${portals.url}/ftp.ebi.ac.uk/none.mrc`)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("asks nothing of the network for a volume", async () => {
    const before = portals.requests.length;
    const [record] = await portals.describe("zarr://s3://bucket/a/tomo.zarr");
    expect(record).toMatchObject({ key: "tomo", download_links: ["zarr://s3://bucket/a/tomo.zarr"], requests: [] });
    expect(portals.requests).toHaveLength(before);
  });
});
