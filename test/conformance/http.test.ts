import { httpStore } from "../../src/stores/http/store.js";
import { type ServerOptions, startFaultServer } from "../faults/server.mjs";
import { listSuite, readSuite } from "./store-suite.js";

const open = (manners: ServerOptions["manners"]) => async () => {
  const server = await startFaultServer({ manners });
  return {
    store: httpStore(`${server.filesUrl}/data%20of%20lab`),
    put: async (key: string, body: Uint8Array) => server.putFile(`data of lab/${key}`, body),
    close: () => server.close(),
  };
};

readSuite("http", open({}));
readSuite("http with weak etags", open({ etags: "weak" }));
readSuite("http without HEAD", open({ head: false }));
readSuite("http with folder pages", open({ listing: "apache" }));
listSuite("http, Apache's pages", open({ listing: "apache" }));
listSuite("http, nginx's pages", open({ listing: "nginx" }));
