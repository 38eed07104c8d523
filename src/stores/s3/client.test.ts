import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { UploadPartCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AddressGate } from "../../net/gate.js";
import { connect } from "./client.js";

/** SHA-256 of `abc`, FIPS 180-2; its CRC-32 is 352441C2. */
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const CRC32 = "NSRBwg==";

describe("bodies that are sent to a bucket", () => {
  let port = 0;
  let seen: IncomingHttpHeaders | undefined;
  const server = createServer((request, response) => {
    seen = request.headers;
    request.resume().once("end", () => response.end());
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => void server.close());

  /** Every name leads to this machine; what is known of it is its name. */
  const gate: AddressGate = {
    check: () => {},
    resolve: async () => ["127.0.0.1"],
    lookup: (_, options, answer) => {
      if (options.all) answer(null, [{ address: "127.0.0.1", family: 4 }]);
      else answer(null, "127.0.0.1", 4);
    },
    facts: undefined,
  };

  async function hashSigned(host: string, checksum?: string): Promise<unknown> {
    const timeouts = { connectMs: 5000, headersMs: 5000, stallMs: 5000, bytesPerSecondMin: 1 };
    const credentials = { accessKeyId: "key", secretAccessKey: "not a secret" };
    const access = { bucket: "b", endpoint: `http://${host}:${port}`, region: "us-east-1", credentials, gate };
    const client = await connect(access, timeouts);
    const part = { Bucket: "b", Key: "k", UploadId: "u", PartNumber: 1, Body: Buffer.from("abc") };
    await client.send(new UploadPartCommand({ ...part, ...(checksum === undefined ? {} : { ChecksumCRC32: checksum }) }));
    client.destroy();
    return seen?.["x-amz-content-sha256"];
  }

  it("are hashed for their signature only where they leave this machine without TLS, or carry no CRC-32", async () => {
    expect(await hashSigned("127.0.0.1", CRC32)).toBe("UNSIGNED-PAYLOAD");
    expect(await hashSigned("localhost", CRC32)).toBe("UNSIGNED-PAYLOAD");
    expect(await hashSigned("storage.example", CRC32)).toBe(ABC);
    expect(await hashSigned("127.0.0.1.example", CRC32)).toBe(ABC);
    expect(await hashSigned("127.0.0.1")).toBe(ABC);
  });
});
