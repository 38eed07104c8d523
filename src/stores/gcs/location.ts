import { bucketLocation, bucketParent } from "../bucket-location.js";
import type { Backend } from "../location.js";

export const gcsBackend: Backend = {
  schemes: ["gs"],
  form: "bucket/key",
  parse: bucketLocation,
  async open({ bucket, prefix }, _place, { googleEndpoint, rebase, gate }) {
    const { gcsStore } = await import("./store.js");
    return gcsStore({ bucket: bucket!, prefix: prefix!, endpoint: googleEndpoint, rebase, gate });
  },
  parent: bucketParent,
  host: (_place, { googleEndpoint }) => googleEndpoint ?? "gs",
};
