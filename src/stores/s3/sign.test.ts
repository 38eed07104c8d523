import { describe, expect, it } from "vitest";
import { encodeKey, isProtected, requestSigner } from "./sign.js";

/** The examples of "Authenticating Requests: Using the Authorization Header", Amazon S3 API Reference. */
const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
const common = { host: "examplebucket.s3.amazonaws.com", query: {}, headers: {}, nowMs: Date.UTC(2013, 4, 24) };
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

describe("requestSigner", () => {
  const sign = requestSigner("us-east-1");
  const signatureOf = (request: Partial<Parameters<typeof sign>[0]>) =>
    sign({ ...common, method: "GET", path: "/", bodySha256: EMPTY, ...request }, credentials).headers.authorization!.split(
      "Signature=",
    )[1];

  it("signs Amazon's own examples as Amazon does", () => {
    expect(signatureOf({ path: "/test.txt", headers: { range: "bytes=0-9" } })).toBe(
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    );
    expect(
      signatureOf({
        method: "PUT",
        path: encodeKey("/test$file.text"),
        headers: { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" },
        bodySha256: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
      }),
    ).toBe("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
    expect(signatureOf({ query: { lifecycle: "" } })).toBe("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    expect(signatureOf({ query: { prefix: "J", "max-keys": "2" } })).toBe(
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    );
  });

  it("the key of a day is not used for another day, or for other credentials", () => {
    const again = requestSigner("us-east-1");
    const request = { ...common, method: "GET", path: "/x", bodySha256: EMPTY };
    const signed = (nowMs: number, secretAccessKey: string) =>
      again({ ...request, nowMs }, { ...credentials, secretAccessKey }).headers.authorization;
    const all = [signed(1e12, "a"), signed(1e12 + 864e5, "a"), signed(1e12 + 864e5, "b"), signed(1e12, "a")];
    expect(new Set(all).size).toBe(3);
    expect(all[3]).toBe(all[0]);
  });

  it("a session's token goes along, and is signed", () => {
    const { headers } = sign(
      { ...common, method: "PUT", path: "/x", bodySha256: EMPTY },
      { ...credentials, sessionToken: "token" },
    );
    expect(headers["x-amz-security-token"]).toBe("token");
    expect(headers.authorization).toContain(";x-amz-security-token,");
  });
});

describe("encodeKey", () => {
  it("encodes what RFC 3986 reserves, and not the slash", () => {
    expect(encodeKey("a b/c+d/é/(1)!*'~")).toBe("a%20b/c%2Bd/%C3%A9/%281%29%21%2A%27~");
    expect(encodeKey("plain/key-1_2.ktx~")).toBe("plain/key-1_2.ktx~");
  });
});

describe("isProtected", () => {
  it.each([
    ["https:", "storage.example", true],
    ["http:", "localhost", true],
    ["http:", "127.0.0.1", true],
    ["http:", "127.8.9.10", true],
    ["http:", "[::1]", true],
    ["http:", "::1", true],
    ["http:", "storage.example", false],
    ["http:", "10.0.0.1", false],
    ["http:", "[::2]", false],
    ["http:", "localhost.example", false],
    ["http:", "127.0.0.1.example", false],
  ])("%s//%s: %s", (protocol, hostname, isSafe) => {
    expect(isProtected(protocol, hostname)).toBe(isSafe);
  });
});
