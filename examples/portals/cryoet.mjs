/** The CryoET Data Portal's GraphQL interface, for the three questions that are asked of it; relations come in pages of two. */

const S3 = "s3://cryoet-data-portal-public";
const HTTPS = "https://files.cryoetdataportal.cziscience.com";
const PAGE = 2;

const DATASET = {
  id: 10000,
  title: "An example dataset",
  description: "Two runs",
  organismName: "Schizosaccharomyces pombe",
  s3Prefix: `${S3}/10000/`,
  httpsPrefix: `${HTTPS}/10000/`,
  fileSize: 9007199254740992, // one more is written: a whole number that no float holds
  depositionId: 10005,
};
const AUTHORS = ["Example A", "Example B", "Example C"].map((name, at) => ({ name, primaryAuthorStatus: at === 0 }));

const tomogram = (id, spacing, mrc = true, zarr = true) => {
  const path = `10000/TS_01/Reconstructions/VoxelSpacing${spacing.toFixed(3)}/Tomograms/${id}/TS_01`;
  return {
    id,
    voxelSpacing: spacing,
    sizeX: 960,
    sizeY: 928,
    sizeZ: 500,
    s3MrcFile: mrc ? `${S3}/${path}.mrc` : null,
    httpsMrcFile: mrc ? `${HTTPS}/${path}.mrc` : null,
    s3OmezarrDir: zarr ? `${S3}/${path}.zarr` : null,
    httpsOmezarrDir: zarr ? `${HTTPS}/${path}.zarr` : null,
  };
};
const TOMOGRAMS = [tomogram(100, 13.48), tomogram(101, 6.74, true, false), tomogram(102, 27, false, true)];
const TILTSERIES = [
  {
    id: 200,
    s3MrcFile: `${S3}/10000/TS_01/TiltSeries/200/TS_01.mrc`,
    s3OmezarrDir: `${S3}/10000/TS_01/TiltSeries/200/TS_01.zarr`,
  },
  { id: 201, s3MrcFile: null, s3OmezarrDir: null },
];
const RUN = {
  id: 501,
  name: "TS_01",
  s3Prefix: `${S3}/10000/TS_01/`,
  httpsPrefix: `${HTTPS}/10000/TS_01/`,
  dataset: { id: 10000, title: DATASET.title },
};

function connection(nodes, after) {
  const from = after === undefined || after === null ? 0 : Number(atob(after).split(":")[1]) + 1;
  const some = nodes.slice(from, from + PAGE);
  const last = from + some.length - 1;
  return {
    edges: some.map((node) => ({ node })),
    pageInfo: { hasNextPage: last < nodes.length - 1, endCursor: some.length > 0 ? btoa(`arrayconnection:${last}`) : null },
  };
}

/** @type {import("./server.d.mts").Site} */
export function cryoetSite({ path, method, body }) {
  if (path !== "/graphql" || method !== "POST") return undefined;
  const json = (value) => ({
    status: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(value).replace("9007199254740992", "9007199254740993"),
  });
  const { query = "", variables = {} } = JSON.parse(body || "{}");
  const { id, after } = variables;
  if (/\bdepositions\(/.test(query)) {
    const known = id === DATASET.depositionId;
    return json({
      data: {
        depositions: known ? [{ id, title: "An example deposition", description: "" }] : [],
        datasets: known ? [DATASET, { ...DATASET, id: 10001, s3Prefix: `${S3}/10001/` }] : [],
      },
    });
  }
  if (/\bruns\(/.test(query)) {
    const whole = id === RUN.id ? [{ ...RUN, tomograms: connection(TOMOGRAMS, after), tiltseries: connection(TILTSERIES) }] : [];
    return json({ data: { runs: whole } });
  }
  if (/\bdatasets\(/.test(query))
    return json({ data: { datasets: id === DATASET.id ? [{ ...DATASET, authors: connection(AUTHORS, after) }] : [] } });
  return json({ errors: [{ message: "Cannot query field on type 'Query'." }] });
}
