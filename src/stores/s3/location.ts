import { bucketLocation, bucketParent } from "../bucket-location.js";
import type { Backend } from "../location.js";

export const s3Backend: Backend = {
  schemes: ["s3"],
  form: "bucket/key",
  parse: bucketLocation,
  async open({ bucket, prefix }, _place, options) {
    const { s3Store } = await import("./store.js");
    const { anonymous, region, endpoint, profile, acl, storageClass, onWay, rebase, gate } = options;
    const access = { anonymous, region, endpoint, profile, rebase, gate, onWay };
    return s3Store({ bucket: bucket!, prefix: prefix!, acl, storageClass, ...access });
  },
  parent: bucketParent,
  host: (_place, { endpoint }) => endpoint ?? "s3",
};
