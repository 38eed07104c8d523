import { s3Store } from "../../src/stores/s3/store.js";
import { startFaultServer } from "../faults/server.mjs";
import { readSuite, writeSuite } from "./store-suite.js";

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret/of+the=tests" };

/** Against our own server without faults, which checks every signature and checksum. */
const open = (prefix: string) => async () => {
  const server = await startFaultServer({ credentials });
  const store = s3Store({ bucket: "bucket", prefix, endpoint: server.url, region: "eu-central-1", credentials });
  return {
    store,
    put: async (key: string, body: Uint8Array) => void (await store.write(key, body)),
    close: () => server.close(),
  };
};

readSuite("s3", open("some/root"));
writeSuite("s3", open("some/root"), { partBytes: 64 * 1024 });
writeSuite("s3, whole bucket", open(""), { partBytes: 64 * 1024, listing: 1_000 });
