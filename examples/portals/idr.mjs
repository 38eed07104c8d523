/** The Image Data Resource: two data sets of one study, a plate, and the JSON that OMERO.web gives its public user. */

export const IDR_STUDY = "idr0086-miron-micrographs";
const PROJECT = { "@id": 1151, Name: `${IDR_STUDY}/experimentD`, Description: "FIB-SEM of chromatin" };
const DATASETS = [
  { "@id": 10739, Name: "HeLa_chromatin" },
  { "@id": 10740, Name: "U2OS_chromatin" },
];
const PLATE = { "@id": 42, Name: "plate-1" };
const FOLDER = "20200610-ftp/experimentD/Miron_FIB-SEM/Miron_FIB-SEM_processed";

/** Nine images of HeLa cells, two of U2OS; the first of the latter is the one that the documents speak of. */
const IMAGES = [
  ...Array.from({ length: 9 }, (_, at) => ({
    id: 9846128 + at,
    name: `Figure_S3A_FIB-SEM_HeLa_20x20x20nm_${at + 1}.tif`,
    dataset: DATASETS[0],
  })),
  { id: 9846137, name: "Figure_S3B_FIB-SEM_U2OS_20x20x20nm_xy.tif", dataset: DATASETS[1] },
  { id: 9846138, name: "Figure_S3B_FIB-SEM_U2OS_20x20x20nm_xz.tif", dataset: DATASETS[1] },
];
/** One image in a well of a plate. Its files the server knows only in its own store. */
const SCREENED = { id: 12001, name: "field [Well A1]", wellId: 7 };

/** Paths of the files below `pub/databases/IDR/`. */
export const IDR_FILES = IMAGES.map(({ name }) => `${IDR_STUDY}/${FOLDER}/${name}`);

const json = (value, status = 200) => ({ status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) });
const missing = (what) => json({ message: `${what} does not exist` }, 404);

function page(rows, query) {
  const limit = Math.min(500, Number(query.get("limit") ?? 200));
  const offset = Number(query.get("offset") ?? 0);
  return json({ data: rows.slice(offset, offset + limit), meta: { totalCount: rows.length, limit, offset, maxLimit: 500 } });
}

function imgData({ id, name, dataset, wellId }) {
  return {
    id,
    meta: {
      imageName: name,
      imageDescription: "",
      ...(dataset
        ? { projectName: PROJECT.Name, projectId: PROJECT["@id"], datasetName: dataset.Name, datasetId: dataset["@id"] }
        : { projectName: null, datasetName: null }),
      wellSampleId: "",
      wellId: wellId ?? "",
      imageTimestamp: 0,
      imageId: id,
      pixelsType: "uint8",
    },
    perms: { canAnnotate: false, canEdit: false },
    tiles: false,
    size: { width: 1121, height: 775, z: 184, t: 1, c: 1 },
    pixel_size: { x: 0.02, y: 0.02, z: 0.02 },
    init_zoom: 0,
    nominalMagnification: null,
    pixel_range: [0, 255],
    channels: [{ label: "0", color: "808080", active: true, window: { min: 0, max: 255, start: 36, end: 199 } }],
    rdefs: { model: "greyscale", projection: "normal", defaultZ: 92, defaultT: 0 },
  };
}

function image({ id, name }) {
  const length = { Value: 0.02, Unit: "MICROMETER", Symbol: "µm" };
  return {
    "@id": id,
    Name: name,
    Pixels: {
      SizeX: 1121,
      SizeY: 775,
      SizeZ: 184,
      SizeC: 1,
      SizeT: 1,
      Type: { value: "uint8" },
      PhysicalSizeX: length,
      PhysicalSizeY: length,
      PhysicalSizeZ: length,
    },
  };
}

const ANNOTATIONS = [
  { ns: "openmicroscopy.org/mapr/organism", values: [["Organism", "Homo sapiens"]] },
  { ns: "openmicroscopy.org/mapr/cell_line", values: [["Cell Line", "U2OS"]] },
  {
    ns: "openmicroscopy.org/omero/bulk_annotations",
    values: [
      ["Cell Cycle Stage", "G1"],
      ["Channels", "FIB-SEM"],
    ],
  },
];

/** @type {import("./server.d.mts").Site} */
export function idrSite({ path, query, headers }) {
  if (path === "/webclient/" && query.has("experimenter")) {
    return {
      status: 200,
      headers: { "content-type": "text/html", "set-cookie": ["sessionid=public0; Path=/; HttpOnly", "csrftoken=token0; Path=/"] },
      body: "<html><title>IDR</title></html>",
    };
  }
  const inside = /^\/(?:webclient\/(?:imgData|api)|webgateway|api)\//.test(path);
  if (!inside) return undefined;
  if (!/\bsessionid=public0\b/.test(headers.cookie ?? "")) {
    return { status: 302, headers: { location: `/webclient/login/?url=${encodeURIComponent(path)}` }, body: "" };
  }
  const find = (id) => [...IMAGES, SCREENED].find((one) => one.id === Number(id));
  const [, kind, id, inner = ""] = /^\/api\/v0\/m\/(\w+)\/(?:(\d+)\/)?(?:(\w+)\/)?$/.exec(path) ?? [];
  if (kind) return apiReply(kind, id === undefined ? undefined : Number(id), inner, query, find) ?? missing(`${kind} ${id}`);
  const data = /^\/webclient\/imgData\/(\d+)\/$/.exec(path)?.[1];
  if (data)
    return find(data)
      ? json(imgData(find(data)))
      : { status: 404, headers: { "content-type": "text/html" }, body: "<h1>404</h1>" };
  if (path === "/webclient/api/annotations/")
    return json({ annotations: find(query.get("image")) ? ANNOTATIONS : [], experimenters: [] });
  const original = /^\/webgateway\/original_file_paths\/(\d+)\/$/.exec(path)?.[1];
  if (original) return find(original) ? json(originalPaths(find(original))) : missing(`image ${original}`);
  return undefined;
}

/** The server knows where HeLa's files came from; of the others only its managed store, so that the study's own list is needed. */
function originalPaths({ id, name, dataset }) {
  const client = dataset === DATASETS[0] ? [`uod/idr/filesets/${IDR_STUDY}/${FOLDER}/${name}`] : [`home/data/${name}`];
  return { repo: [`demo_2/2020-06/10/${id}/${name}`], client };
}

function apiReply(kind, id, inner, query, find) {
  const dataset = DATASETS.find((one) => one["@id"] === id);
  switch (`${kind}${id === undefined ? "" : "/id"}${inner === "" ? "" : `/${inner}`}`) {
    case "projects":
      return page([{ "@id": 1, Name: "idr0001-graml-sysgro/screenA" }, PROJECT], query);
    case "screens":
      return page([], query);
    case "projects/id/datasets":
      return id === PROJECT["@id"] ? page(DATASETS, query) : page([], query);
    case "datasets/id/images":
      return dataset && page(IMAGES.filter((one) => one.dataset === dataset).map(image), query);
    case "datasets/id/projects":
      return dataset && page([PROJECT], query);
    case "images/id":
      return find(id) && json({ data: image(find(id)) });
    case "images/id/datasets":
      return find(id) && page(find(id).dataset ? [find(id).dataset] : [], query);
    case "screens/id/plates":
      return page([PLATE], query);
    case "plates/id/wells":
      return id === PLATE["@id"]
        ? page([{ "@id": SCREENED.wellId, Row: 0, Column: 0, WellSamples: [{ Image: image(SCREENED) }] }], query)
        : undefined;
    case "wells/id":
      return id === SCREENED.wellId ? json({ data: { "@id": id, WellSamples: [{ Image: image(SCREENED) }] } }) : undefined;
    case "wells/id/plates":
      return page([PLATE], query);
    default:
      return undefined;
  }
}

/** The study's list of files, as its repository on GitHub has it: eleven in two data sets. */
export function filePathsTable() {
  return IMAGES.map(
    ({ name, dataset }) => `Dataset:name:${dataset.Name}\t/uod/idr/filesets/${IDR_STUDY}/${FOLDER}/${name}\n`,
  ).join("");
}
