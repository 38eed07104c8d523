import { gcsStore } from "../../src/stores/gcs/store.js";
import { startFaultServer } from "../faults/server.mjs";
import { listSuite, readSuite } from "./store-suite.js";

const open = (prefix: string) => async () => {
  const server = await startFaultServer();
  return {
    store: gcsStore({ bucket: "bucket", prefix, endpoint: server.url }),
    put: async (key: string, body: Uint8Array) => server.s3.put("bucket", prefix === "" ? key : `${prefix}/${key}`, body),
    close: () => server.close(),
  };
};

readSuite("gs", open("some/root"));
listSuite("gs", open("some/root"));
listSuite("gs, whole bucket", open(""), { listing: 1_100 });
