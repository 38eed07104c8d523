import { afterEach, describe, expect, it } from "vitest";
import { empiarEntry } from "../../examples/portals/empiar.mjs";
import type { SiteReply, SiteRequest } from "../../examples/portals/server.mjs";
import { imageSets } from "../../src/portals/empiar.js";
import { dataFolder } from "../../src/portals/empiar-folder.js";
import { xmlObject } from "../../src/portals/xml-object.js";
import { type Offline, offline, plain } from "./portals-kit.js";

/** Portals leave fields out, give null, numbers as text and lists of one as the one: every reply here is one that a portal may give. */

let portals: Offline | undefined;
afterEach(async () => {
  await portals?.close();
  portals = undefined;
});

const json = (value: unknown, status = 200): SiteReply => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(value),
});

/** Offline portals in which some paths of one host have other answers. */
async function withAnswers(host: string, answer: (request: SiteRequest) => SiteReply | undefined): Promise<Offline> {
  portals = await offline({ fault: (request) => (request.host === host ? answer(request) : undefined) });
  return portals;
}

const IDR = "https://idr.openmicroscopy.org";
const DETAIL = `${IDR}/webclient/img_detail/9846137/?dataset=10740`;

describe("IDR's replies", () => {
  it.each<[says: string, imgData: object]>([
    ["without everything but its name", { id: 9846137, meta: { imageName: "Figure_S3B_FIB-SEM_U2OS_20x20x20nm_xy.tif" } }],
    [
      "with null everywhere",
      { id: 9846137, meta: null, size: null, pixel_size: null, channels: null, rdefs: null, tiles: null, perms: null },
    ],
    [
      "of an unknown pixel size, with keys that nobody knows",
      {
        id: 9846137,
        meta: { imageName: "x.tif", projectName: null, datasetName: null, wellId: null },
        size: { width: 1, height: 1, z: 1, t: 1, c: 1 },
        pixel_size: { x: null, y: null, z: null },
        levels: 5,
        nominalMagnification: 63,
        zoomLevelScaling: { 0: 1 },
      },
    ],
  ])("describes an image %s", async (_, imgData) => {
    const { describe: ask } = await withAnswers("idr.openmicroscopy.org", ({ path }) =>
      path === "/webclient/imgData/9846137/" ? json(imgData) : undefined,
    );
    const [record] = await ask(DETAIL);
    expect(plain(record!.raw_metadata)).toMatchObject({ imgData, datasets: [{ "@id": 10740 }] });
  });

  it("finds the file of an image whose project only its parents name", async () => {
    const { describe: ask } = await withAnswers("idr.openmicroscopy.org", ({ path }) =>
      path === "/webclient/imgData/9846137/"
        ? json({ id: 9846137, meta: { imageName: "Figure_S3B_FIB-SEM_U2OS_20x20x20nm_xy.tif" } })
        : undefined,
    );
    const [record] = await ask(DETAIL);
    expect(record!.download_links).toEqual([expect.stringMatching(/\/Figure_S3B_FIB-SEM_U2OS_20x20x20nm_xy\.tif$/)]);
  });

  it.each([400, 404])("keeps an image of which the JSON interface answers %i with a message", async (status) => {
    const { describe: ask } = await withAnswers("idr.openmicroscopy.org", ({ path }) =>
      path.startsWith("/api/v0/m/images/") ? json({ message: "no such thing" }, status) : undefined,
    );
    const [record] = await ask(DETAIL);
    expect(record!.download_links).toHaveLength(1);
    expect(record!.raw_metadata).toMatchObject({ image: null, imgData: { id: 9846137 } });
    expect(record!.warnings.length).toBeGreaterThan(0);
  });

  it("reads all pages of a listing, however short the server makes them", async () => {
    const seen: string[] = [];
    const images = Array.from({ length: 7 }, (_, at) => ({ "@id": 9846128 + at, Name: `image ${at}` }));
    const { describe: ask } = await withAnswers("idr.openmicroscopy.org", ({ path, query }) => {
      if (path !== "/api/v0/m/datasets/10739/images/") return undefined;
      const offset = Number(query.get("offset"));
      seen.push(`${offset}`);
      return json({ data: images.slice(offset, offset + 3), meta: { totalCount: 7, limit: 3, offset, maxLimit: 3 } });
    });
    expect(await ask(`${IDR}/webclient/?show=dataset-10739`)).toHaveLength(7);
    expect(seen).toEqual(["0", "3", "6"]);
  });

  it("(34.silence) refuses a listing that ends before the rows that it counts", async () => {
    const { describe: ask } = await withAnswers("idr.openmicroscopy.org", ({ path, query }) =>
      path === "/api/v0/m/datasets/10739/images/"
        ? json({ data: query.get("offset") === "0" ? [{ "@id": 9846128 }] : [], meta: { totalCount: 7 } })
        : undefined,
    );
    await expect(ask(`${IDR}/webclient/?show=dataset-10739`)).rejects.toMatchObject({
      code: "PORTAL_REPLY",
      message: expect.stringContaining("the list ends after 1 of 7 rows"),
    });
  });

  it("(34.silence) says of a listed data set which images have no file in the archive, and lists a file of several images once", async () => {
    const file = "Figure_S3B_FIB-SEM_U2OS_20x20x20nm_xy.tif";
    const { list } = await withAnswers("idr.openmicroscopy.org", ({ path }) => {
      if (path === "/api/v0/m/datasets/10739/images/")
        return json({ data: [1, 2, 3].map((id) => ({ "@id": id })), meta: { totalCount: 3 } });
      const id = /^\/webclient\/imgData\/([123])\/$/.exec(path)?.[1];
      if (id !== undefined)
        return json({ id, meta: { imageName: id === "3" ? "lost.tif" : `${file} [${id}]`, projectName: null } });
      if (/original_file_paths\/[12]\/$/.test(path)) return json({ client: [`/uod/idr/filesets/idr0086-x/${file}`] });
      return undefined;
    });
    const { files, warnings } = await list(`${IDR}/webclient/?show=dataset-10739`);
    expect(files.map(({ path }) => path)).toEqual([file]);
    expect(warnings).toContain('no file of the public archive was found for image 3, "lost.tif"');
  });

  it.each<[string, string, string]>([
    [
      "two files of the data set",
      "Dataset:name:D\t/uod/idr/filesets/s/a/x.tif\nDataset:name:D\t/uod/idr/filesets/s/b/x.tif\n",
      "the study's list has 2 files called x.tif: ",
    ],
    [
      "a file of another data set",
      "Dataset:name:E\t/uod/idr/filesets/s/a/x.tif\n",
      "the study's list has x.tif in another dataset, and not in its own: ",
    ],
  ])("(34.silence) says that a file was found by its name alone: %s", async (_, rows, told) => {
    portals = await offline({
      fault: ({ host, path }) => {
        if (path.endsWith(".tsv")) return { status: 200, body: rows };
        if (path.startsWith("/webgateway/original_file_paths/")) return json({ client: [] });
        if (host !== "idr.openmicroscopy.org" || path !== "/webclient/imgData/9846137/") return undefined;
        return json({ id: 9846137, meta: { imageName: "x.tif", datasetName: "D", projectName: "idr0086-x/experimentA" } });
      },
    });
    const [record] = await portals.describe(DETAIL);
    expect(record!.download_links).toEqual(["https://ftp.ebi.ac.uk/pub/databases/IDR/s/a/x.tif"]);
    expect(record!.warnings).toEqual([`image 9846137: ${told}${record!.download_links[0]} is taken`]);
  });

  it("takes the origin with and without its first slash, and nothing else that the server knows", async () => {
    const { describe: ask } = await withAnswers("idr.openmicroscopy.org", ({ path }) =>
      path.startsWith("/webgateway/original_file_paths/")
        ? json({
            repo: ["/uod/idr/filesets/idr0086-x/not-public.tif"],
            client: ["/uod/idr/filesets/idr0086-x/a.tif", "uod/idr/filesets/idr0086-x/b c.tif", "home/someone/d.tif", null],
          })
        : undefined,
    );
    const [record] = await ask(DETAIL);
    expect(record!.download_links).toEqual([
      "https://ftp.ebi.ac.uk/pub/databases/IDR/idr0086-x/a.tif",
      "https://ftp.ebi.ac.uk/pub/databases/IDR/idr0086-x/b%20c.tif",
    ]);
  });
});

describe("EMPIAR's replies", () => {
  const entry = empiarEntry()["EMPIAR-11759"] as Record<string, unknown>;

  it.each<[says: string, reply: object, sets: object[]]>([
    [
      "with numbers as text and text as numbers",
      {
        "EMPIAR-11759": {
          ...entry,
          dataset_size: 1.2,
          imagesets: [{ name: 7, directory: "/data", num_images_or_tilt_series: "16", pixel_width: "80.0", image_width: 5628 }],
        },
      },
      [{ name: "7", directory: "data", images: 16 }],
    ],
    ["of which every field is null", { "EMPIAR-11759": Object.fromEntries(Object.keys(entry).map((key) => [key, null])) }, []],
    [
      "under its bare number, with one image set in the place of a list, cross references as texts",
      { "11759": { ...entry, cross_references: ["EMD-1", { name: "EMD-2" }], imagesets: { directory: null } } },
      [{ name: "", directory: "data", images: undefined }],
    ],
  ])("takes an entry %s", async (_, reply, sets) => {
    const { describe: ask } = await withAnswers("www.ebi.ac.uk", () => json(reply));
    const [record] = await ask("EMPIAR-11759");
    expect(plain(record!.raw_metadata)).toEqual(JSON.parse(JSON.stringify(reply)));
    expect(record!.warnings).toEqual([]);
    expect(imageSets(record!.raw_metadata, "11759")).toEqual(sets);
  });

  it.each([
    ["/data", "data"],
    ["data", "data"],
    ["", "data"],
    ["/", "data"],
    ["/data/raw/", "data/raw"],
    ["raw", "data/raw"],
    ["/11759/data/raw", "data/raw"],
    ["EMPIAR-11759/data", "data"],
    ["data/../../..", "data"],
  ])("knows the folder %j as %s", (directory, folder) => {
    expect(dataFolder(directory, "11759")).toBe(folder);
  });

  it("reads one image set or several from the XML", () => {
    const set = (name: string, folder: string) =>
      `<imageSet><name>${name}</name><directory>${folder}</directory><numImagesOrTiltSeries>3</numImagesOrTiltSeries></imageSet>`;
    const sets = (inner: string) => imageSets(xmlObject(`<entry><admin/>${inner}</entry>`, "https://x.test/"), "1");
    expect(sets(set("a", "data/a"))).toEqual([{ name: "a", directory: "data/a", images: 3 }]);
    expect(sets(set("a", "/data/a") + set("b", "b"))).toEqual([
      { name: "a", directory: "data/a", images: 3 },
      { name: "b", directory: "data/b", images: 3 },
    ]);
  });

  it("lists each image set's folder, and one inside another once", async () => {
    const imagesets = ["/data", "/data/raw", "data"].map((directory) => ({
      name: "s",
      directory,
      num_images_or_tilt_series: null,
    }));
    const { list, requests } = await withAnswers("www.ebi.ac.uk", () => json({ "EMPIAR-11759": { title: "t", imagesets } }));
    const { files } = await list("EMPIAR-11759");
    expect(files).toHaveLength(16);
    expect(requests.filter(({ path }) => path.endsWith("/11759/data/"))).toHaveLength(1);
  });

  it("(34.silence) tells folders and names of the archive that cannot be followed, and image sets without a file", async () => {
    const imagesets = ["data", "data/none"].map((directory) => ({ name: directory, directory, num_images_or_tilt_series: 1 }));
    portals = await offline({
      fault: ({ host, path }) => {
        if (host === "www.ebi.ac.uk") return json({ "EMPIAR-11759": { title: "t", imagesets } });
        if (path.endsWith("/11759/data/"))
          return { status: 200, body: '<pre><a href="a.dm3">a</a> <a href="gone/">gone/</a> <a href="b%00.dm3">b</a></pre>' };
        return path.endsWith("/gone/") ? { status: 404 } : undefined;
      },
    });
    const { files, warnings } = await portals.list("EMPIAR-11759");
    expect(files.map(({ path }) => path)).toEqual(["data/a.dm3"]);
    const archive = "https://ftp.ebi.ac.uk/empiar/world_availability/11759/data";
    expect(warnings).toEqual([
      `EMPIAR-11759: ${archive}/b\0.dm3 cannot be listed: what it holds is left out`,
      `EMPIAR-11759: ${archive}/gone/ cannot be listed: what it holds is left out`,
      'EMPIAR-11759: 0 files below data/none, the image set "data/none" counts 1 image',
    ]);
  });

  it.each([
    ["an empty object", {}],
    ["an entry without fields", { "EMPIAR-11759": {} }],
    ["another entry", { "EMPIAR-1": entry }],
  ])("asks the XML file when the interface gives %s", async (_, reply) => {
    const { describe: ask } = await withAnswers("www.ebi.ac.uk", () => json(reply));
    const [record] = await ask("EMPIAR-11759");
    expect(record!.raw_metadata).toHaveProperty("entry.admin.title");
    expect(record!.warnings).toHaveLength(1);
  });
});

describe("EPFL's page", () => {
  it("may be any article, with relative links; what is no data is no link", async () => {
    const page = `<article id="post-7"><h2>Data</h2><p>Voxels of 5x5x5nm.</p>
      <a href="../files/A.ZARR/">z</a><a href="b.n5">n</a><a href="/c d.TIFF?x=1">t</a><a href="c%20d.mrc#part">m</a>
      <a href="c d.mrc">again</a><a href="javascript:alert(1)//x.tif">no</a><a href="paper.pdf">no</a><a>no</a></article>
      <a href="outside.tif">of the menu</a>`;
    const { describe: ask } = await withAnswers("www.epfl.ch", () => ({ status: 200, headers: {}, body: page }));
    const [record] = await ask("https://www.epfl.ch/labs/cvlab/data/other/");
    const folder = "https://www.epfl.ch/labs/cvlab/data";
    expect(record!.download_links).toEqual([
      `${folder}/files/A.ZARR/`,
      `${folder}/other/b.n5`,
      "https://www.epfl.ch/c%20d.TIFF?x=1",
      `${folder}/other/c%20d.mrc`,
    ]);
    expect(record!.extra).toEqual({ dataset_description: "Voxels of 5x5x5nm." });
    expect(record!.warnings).toEqual([]);
  });

  it("(34.silence) names the files that are not taken for data", async () => {
    const page = `<h2>Data</h2><p>x</p><a href="a.tif">a</a><a href="b.7z">b</a><a href="labels.mat">c</a><a href="p.pdf">p</a><a href="q/">q</a><a href="mailto:a@b.ch">m</a>`;
    const { describe: ask, list } = await withAnswers("www.epfl.ch", () => ({ status: 200, headers: {}, body: page }));
    const typed = "https://www.epfl.ch/labs/cvlab/data/other/";
    expect((await ask(typed))[0]!.warnings).toEqual(["not taken for data: b.7z, labels.mat"]);
    expect((await list(typed)).warnings).toEqual(["not taken for data: b.7z, labels.mat"]);
  });
});

const NACC = "https://openorganelle.janelia.org/datasets/jrc_mus-nacc-2";

describe("OpenOrganelle's sources", () => {
  it("takes the database's row with one image under its other name, axes in any order, units of each their own", async () => {
    const row = {
      name: "jrc_mus-nacc-2",
      description: null,
      thumbnail_url: null,
      sample: null,
      publication: [],
      image_acquisition: [
        {
          start_date: "2015-03-09T00:00:00",
          grid_axes: ["x", "y", "z"],
          grid_spacing: [4, "4", 2.96],
          grid_spacing_unit: "nanometer",
          grid_dimensions: [10384, 10080, 1669.44],
          grid_dimensions_unit: "nm",
        },
      ],
      image: {
        name: "fibsem",
        url: "s3://janelia-cosem-datasets/jrc_mus-nacc-2/a.zarr/em",
        format: "zarr",
        source: { bias_V: "500" },
      },
    };
    const { describe: ask } = await withAnswers("database.openorganelle.test", () => json([row]));
    const [record] = await ask(NACC, { key: "offline-key" });
    expect(record!.download_links).toEqual(["zarr://s3://janelia-cosem-datasets/jrc_mus-nacc-2/a.zarr/em"]);
    expect(record!.raw_metadata).toMatchObject({
      "Acquisition details": {
        Imaging_start_date: " Mon Mar 09 2015",
        "Final_voxel_size_(nm)": " (4, 4, 2.96) (x, y, z)",
        "Dimensions_(nm)": " (10384, 10080, 1669.44) (x, y, z)",
      },
      "FIB-SEM parameters": { "Bias_(Volts)": " 500" },
    });
  });

  it("(34.silence) guesses no order of axes that the database does not name", async () => {
    const row = (grid_spacing: number[]) => ({
      name: "jrc_mus-nacc-2",
      image_acquisition: [{ grid_axes: null, grid_spacing, grid_spacing_unit: "nanometers" }],
      image: { url: "s3://janelia-cosem-datasets/jrc_mus-nacc-2/a.zarr/em", format: "zarr" },
    });
    const detailsOf = async (grid_spacing: number[]) => {
      const { describe: ask } = await withAnswers("database.openorganelle.test", () => json([row(grid_spacing)]));
      return (await ask(NACC, { key: "offline-key" }))[0]!.raw_metadata["Acquisition details"];
    };
    expect(await detailsOf([2.96, 4, 4])).not.toHaveProperty("Final_voxel_size_(nm)");
    expect(await detailsOf([4, 4, 4])).toMatchObject({ "Final_voxel_size_(nm)": " (4, 4, 4) (x, y, z)" });
  });

  it("takes a manifest in which nothing is known", async () => {
    const manifest = {
      name: "jrc_x",
      metadata: { title: null, id: "jrc_x", imaging: null, sample: null, DOI: null },
      sources: {},
      views: null,
    };
    const { describe: ask } = await withAnswers("raw.githubusercontent.com", ({ path }) =>
      path.endsWith("/jrc_example-1/manifest.json") ? json(manifest) : undefined,
    );
    const [record] = await ask("https://openorganelle.janelia.org/datasets/jrc_example-1");
    expect(record!.raw_metadata).toMatchObject({ "Acquisition details": { Dataset_ID: " jrc_x" } });
    // the manifest names no volume, so the bucket is looked through
    expect(record!.download_links).toEqual(["n5://s3://janelia-cosem-datasets/jrc_example-1/jrc_example-1.n5/em/fibsem-uint16"]);
  });

  it("splits a paragraph at the first address, which stays, or else at the first colon", async () => {
    const page = `<h6>Acquisition details</h6><p>Time: 12:30</p><p>See also: http://a.test/x: y</p><p>nothing</p>
      <h5>Elsewhere</h5><p>Not: this</p><h6>FIB-SEM parameters</h6><p>Bias (Volts): 500</p>`;
    const { describe: ask } = await withAnswers("openorganelle.janelia.org", () => ({ status: 200, headers: {}, body: page }));
    const [record] = await ask(NACC, { compat: true });
    expect(record!.raw_metadata).toEqual({
      "Acquisition details": { Time: " 12:30", "See_also:_": "http://a.test/x: y" },
      "FIB-SEM parameters": { "Bias_(Volts)": " 500" },
    });
  });

  it("asks the bucket in pages, with keys that XML could not hold, and finds Zarr of both versions", async () => {
    const files: Record<string, string> = {
      "jrc_new/a.zarr/zarr.json":
        '{"zarr_format":3,"node_type":"group","attributes":{"ome":{"version":"0.5","multiscales":[{}]}}}',
      "jrc_new/b&c.zarr/.zattrs": '{"multiscales":[{"version":"0.4"}]}',
      "jrc_new/info-only/info": '{"scales":[{}]}',
      "jrc_new/broken/.zattrs": "{",
    };
    const { describe: ask, requests } = await withAnswers(
      "janelia-cosem-datasets.s3.amazonaws.com",
      ({ path, query }): SiteReply | undefined => {
        if (!query.has("list-type")) {
          const text = files[path.slice(1)];
          return text === undefined ? undefined : { status: 200, headers: {}, body: text };
        }
        const prefix = query.get("prefix")!;
        const inside = [
          ...new Set(
            Object.keys(files)
              .filter((key) => key.startsWith(prefix))
              .map((key) => /^[^/]*\/?/.exec(key.slice(prefix.length))![0]),
          ),
        ];
        const from = Number(query.get("continuation-token") ?? 0);
        const rows = inside.slice(from, from + 1).map((name) => encodeURIComponent(prefix + name).replaceAll("%2F", "/"));
        const parts = rows.map((key) =>
          key.endsWith("/")
            ? `<CommonPrefixes><Prefix>${key}</Prefix></CommonPrefixes>`
            : `<Contents><Key>${key}</Key><Size>1</Size></Contents>`,
        );
        const more = from + 1 < inside.length;
        const body = `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><EncodingType>url</EncodingType><IsTruncated>${more}</IsTruncated>${more ? `<NextContinuationToken>${from + 1}</NextContinuationToken>` : ""}${parts.join("")}</ListBucketResult>`;
        return { status: 200, headers: { "content-type": "application/xml" }, body };
      },
    );
    const [record] = await ask("s3://janelia-cosem-datasets/jrc_new/");
    expect(record!.download_links).toEqual([
      "zarr://s3://janelia-cosem-datasets/jrc_new/a.zarr",
      "zarr://s3://janelia-cosem-datasets/jrc_new/b&c.zarr",
      "precomputed://s3://janelia-cosem-datasets/jrc_new/info-only",
    ]);
    expect(requests.every(({ host, path }) => host !== "janelia-cosem-datasets.s3.amazonaws.com" || !path.includes("/s0"))).toBe(
      true,
    );
  });
});

describe("Neuroglancer's links", () => {
  const viewer = "https://neuroglancer-demo.appspot.com/#!";
  const state = { layers: [{ source: "precomputed://gs://b-b/p" }] };

  it.each<[says: string, head: SiteReply]>([
    ["refuses HEAD", { status: 405, headers: { allow: "GET" }, body: "" }],
    ["answers HEAD with a redirection to nowhere", { status: 301, headers: {}, body: "" }],
    ["answers HEAD with nothing", { status: 200, headers: {}, body: "" }],
  ])("follows a short link that %s", async (_, head) => {
    const seen: string[] = [];
    const { describe: ask } = await withAnswers("tinyurl.com", ({ method }) => {
      seen.push(method);
      return method === "HEAD" ? head : { status: 302, headers: { location: `${viewer}${JSON.stringify(state)}` }, body: "" };
    });
    const [record] = await ask("https://tinyurl.com/my-volume-ng");
    expect(seen).toEqual(["HEAD", "GET"]);
    expect([record!.key, record!.download_links]).toEqual(["my-volume", ["precomputed://gs://b-b/p"]]);
  });

  it("gives up after ten hops", async () => {
    let hops = 0;
    const { describe: ask } = await withAnswers("tinyurl.com", () => ({
      status: 301,
      headers: { location: `https://tinyurl.com/hop-${++hops}` },
      body: "",
    }));
    await expect(ask("https://tinyurl.com/start")).rejects.toMatchObject({ code: "PORTAL_REPLY" });
    expect(hops).toBe(10);
  });

  it("follows nine hops, relative ones too", async () => {
    const { describe: ask } = await withAnswers("tinyurl.com", ({ path }) => {
      const hop = Number(/\d+$/.exec(path)?.[0] ?? 0);
      const location = hop === 9 ? `${viewer}+${JSON.stringify(state)}` : `/hop-${hop + 1}`;
      return { status: 301, headers: { location }, body: "" };
    });
    expect((await ask("https://tinyurl.com/hop-1"))[0]!.download_links).toHaveLength(1);
  });

  it.each([
    ["the state, encoded", encodeURIComponent(JSON.stringify(state))],
    ["the merge form", `+${encodeURIComponent(JSON.stringify(state))}`],
    ["the merge form, its sign encoded", encodeURIComponent(`+${JSON.stringify(state)}`)],
    ["the form without percent signs", "{'layers':[{'source':'precomputed://gs://b-b/p'}]}"],
    ["an address of Google's", "gs://neuroglancer-janelia-flyem-hemibrain/states/hemibrain.json"],
    ["the same to be merged", "+gs://neuroglancer-janelia-flyem-hemibrain/states/hemibrain.json"],
    ["an address of the web", "https://storage.googleapis.com/neuroglancer-janelia-flyem-hemibrain/states/hemibrain.json"],
  ])("reads behind #! %s", async (_, fragment) => {
    portals = await offline({ hemibrain: state });
    const [record] = await portals.describe(viewer + fragment);
    expect(record!.download_links).toEqual(["precomputed://gs://b-b/p"]);
  });

  it("reads a state in an S3 bucket", async () => {
    const { describe: ask } = await withAnswers("janelia-cosem-datasets.s3.amazonaws.com", ({ path }) =>
      path === "/views/a b.json" ? json(state) : undefined,
    );
    const [record] = await ask(`${viewer}s3://janelia-cosem-datasets/views/a%20b.json`);
    expect(record!.download_links).toHaveLength(1);
  });

  it("keeps what stands in shaders and names", async () => {
    portals = await offline();
    const layer = {
      name: "it's_a&b",
      source: "zarr://s3://b-b/a_b",
      shader: `void main() { emitRGB(vec3(1, 0, 0)); } // "q" 'r'_s`,
    };
    const [record] = await portals.describe(viewer + encodeURIComponent(JSON.stringify({ layers: [layer] })));
    expect(plain(record!.raw_metadata)).toEqual({ layers: [layer] });
    expect(record!.download_links).toEqual(["zarr://s3://b-b/a_b"]);
  });
});

describe("names in web_metadata.json", () => {
  it("tells records of one portal apart by what they are", async () => {
    portals = await offline();
    const viewer = "https://neuroglancer-demo.appspot.com/#!{}";
    const names = Object.keys(
      await portals.document(
        [
          DETAIL,
          `${IDR}/webclient/img_detail/9846138/`,
          "https://cryoetdataportal.czscience.com/datasets/10000",
          "https://cryoetdataportal.czscience.com/runs/501",
          NACC,
          "https://openorganelle.janelia.org/datasets/jrc_example-1",
          viewer,
          viewer,
          "https://tinyurl.com/hemibrain-ng",
        ],
        false,
      ),
    );
    expect(names).toEqual([
      "idr",
      "idr-9846138",
      "cryoet",
      "cryoet-501",
      "openorganelle",
      "openorganelle-jrc_example-1",
      "neuroglancer",
      "neuroglancer-2",
      "hemibrain",
    ]);
  });
});
