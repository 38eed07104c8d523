import { ftpStore } from "../../src/stores/ftp/store.js";
import { type FtpFaultManners, startFtpFaultServer } from "../faults/ftp.mjs";
import { listSuite, readSuite } from "./store-suite.js";

const open = (manners: FtpFaultManners) => async () => {
  const server = await startFtpFaultServer({ manners });
  return {
    store: ftpStore(`${server.url}/data%20of%20lab`),
    put: async (key: string, body: Uint8Array) => server.putFile(`data of lab/${key}`, body),
    close: () => server.close(),
  };
};

// FTP's commands are lines: names with line ends are refused, see test/faults/ftp.test.ts.
const lacks = ["control characters"] as const;

readSuite("ftp", open({}), { lacks });
readSuite("ftp without SIZE, MLSD, EPSV", open({ size: false, machineListing: false, extendedPassive: false }), { lacks });
readSuite("ftp with one connection", open({ connectionsMax: 1 }), { lacks });
listSuite("ftp", open({}), { lacks });
listSuite("ftp, Unix's listing", open({ machineListing: false }), { lacks });
listSuite("ftp, DOS's listing", open({ machineListing: false, flags: false, listing: "dos" }), { lacks });
