/** Text of a plan of `emporium publish` that sends one folder to the bucket `bench`. */
export function planText(folder) {
  const item = { id: "images/ktx", product: "images", action: "sync", source: `${folder}/`, target: "s3://bench/images/x/" };
  return JSON.stringify({
    version: 1,
    sample: "2020-01-01",
    date: "2020-01-01",
    mmdd: "0101",
    products: ["images"],
    imagesBase: null,
    root: null,
    createdAt: "2020-01-01T00:00:00Z",
    profile: "bench",
    bucket: "s3://bench",
    transfer: { awsFlags: [], filters: [], delete: false, checksum: false },
    cluster: { kind: "none", slots: 1, order: "free" },
    items: [{ ...item, exists: true, files: null, bytes: null, warnings: [] }],
    totals: { items: 1, missing: 0, files: null, bytes: null },
    warnings: [],
    errors: [],
  });
}
