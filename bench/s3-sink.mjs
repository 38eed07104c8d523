/**
 * As much of S3 as uploads need, as quick as one process can be: `node bench/s3-sink.mjs`, bucket by bucket in memory. Bodies are read, their CRC-32 is computed and
 * told (and compared where it came with the request), and they are forgotten; so their tags are no MD5s. It reads HTTP off the socket itself, some 40 µs for a body of 40 kB: whoever
 * is measured against it is measured himself. For correctness there is examples/portals/s3.mjs.
 *
 * Prints its URL, then runs until standard input ends or a signal comes.
 */
import { createServer } from "node:net";
import { crc32 } from "node:zlib";

const PAGE = 1000;
const NOTHING = Buffer.alloc(0);
/** @type {Map<string, { size: number, tag: string, modified: string }>} key with its bucket */
const objects = new Map();
let sorted;
const uploads = new Map();

const server = createServer({ noDelay: true }, (socket) => {
  let held = NOTHING;
  let request;
  socket.on("error", () => {});
  socket.on("data", (bytes) => {
    let rest = bytes;
    while (rest.length > 0) {
      if (!request) {
        // joined only where a head comes in pieces; cut out of the bytes, so that a key does not hold a whole buffer in memory
        const bytesNow = held.length > 0 ? Buffer.concat([held, rest]) : rest;
        const end = bytesNow.indexOf("\r\n\r\n");
        held = end < 0 ? bytesNow : NOTHING;
        if (end < 0) return;
        const head = bytesNow.latin1Slice(0, end);
        rest = bytesNow.subarray(end + 4);
        request = parse(head);
        if (request.expects) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
      }
      if (request.left > 0 && rest.length > 0) {
        const piece = rest.subarray(0, request.left);
        rest = rest.subarray(piece.length);
        request.left -= piece.length;
        if (request.keeps) request.text += piece.latin1Slice();
        else request.crc = crc32(piece, request.crc);
      }
      if (request.left > 0) return;
      answer(socket, request);
      request = undefined;
    }
  });
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.on("end", () => process.exit(0)).resume();
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));

function parse(head) {
  const [, method, target] = /^(\S+) (\S+)/.exec(head);
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  // frames of `aws-chunked` are counted by their own header; their few bytes more do not change what is measured
  const decoded = /\r\nx-amz-decoded-content-length: *(\d+)/i.exec(head)?.[1];
  return {
    method,
    target,
    left: length,
    size: Number(decoded ?? length),
    crc: 0,
    claimed: decoded === undefined ? /\r\nx-amz-checksum-crc32: *(\S+)/i.exec(head)?.[1] : undefined,
    expects: /\r\nexpect: *100-continue/i.test(head),
    keeps: method === "POST",
    text: "",
  };
}

function answer(socket, { method, target, size, crc, claimed, text }) {
  const [path, search = ""] = target.split("?");
  const query = new URLSearchParams(search);
  const name = path.includes("%") ? decodeURIComponent(path) : path;
  const [, bucket = "", key = ""] = /^\/([^/]*)\/?(.*)$/s.exec(name);
  if (method === "PUT" && key !== "") {
    const sum = base64(crc);
    if (claimed !== undefined && claimed !== sum) return send(socket, 400, {}, "<Error><Code>BadDigest</Code></Error>");
    const tag = `"crc-${(crc >>> 0).toString(16).padStart(8, "0")}"`;
    const id = query.get("uploadId");
    if (id === null) store(name, size, tag);
    else if (uploads.has(id)) uploads.get(id).set(Number(query.get("partNumber")), size);
    else return send(socket, 404, {}, "<Error><Code>NoSuchUpload</Code></Error>");
    return socket.write(`HTTP/1.1 200 OK\r\nETag: ${tag}\r\nx-amz-checksum-crc32: ${sum}\r\nContent-Length: 0\r\n\r\n`);
  }
  if (method === "PUT" || (method === "HEAD" && key === "")) return send(socket, 200);
  if (method === "POST" && query.has("uploads")) {
    const id = `u${uploads.size + 1}`;
    uploads.set(id, new Map());
    return xml(
      socket,
      "InitiateMultipartUploadResult",
      `<Bucket>${bucket}</Bucket><Key>${escaped(key)}</Key><UploadId>${id}</UploadId>`,
    );
  }
  if (method === "POST") {
    const parts = uploads.get(query.get("uploadId"));
    if (!parts || !text.includes("<")) return send(socket, 404, {}, "<Error><Code>NoSuchUpload</Code></Error>");
    const tag = `"parts-${parts.size}"`;
    store(
      name,
      [...parts.values()].reduce((sum, part) => sum + part, 0),
      tag,
    );
    return xml(
      socket,
      "CompleteMultipartUploadResult",
      `<Bucket>${bucket}</Bucket><Key>${escaped(key)}</Key><ETag>${escaped(tag)}</ETag>`,
    );
  }
  if (method === "GET" && key === "") return list(socket, bucket, query);
  if (method === "DELETE") return send(socket, 204);
  const object = objects.get(name);
  if (!object) return send(socket, 404, {}, method === "HEAD" ? "" : "<Error><Code>NoSuchKey</Code></Error>");
  return send(
    socket,
    200,
    { ETag: object.tag, "Last-Modified": new Date(object.modified).toUTCString() },
    "",
    method === "HEAD" ? object.size : 0,
  );
}

function store(name, size, tag) {
  objects.set(name, { size, tag, modified: new Date().toISOString() });
  sorted = undefined;
}

function list(socket, bucket, query) {
  sorted ??= [...objects.keys()].sort();
  const prefix = `/${bucket}/${query.get("prefix") ?? ""}`;
  const token = query.get("continuation-token");
  const after = token === null ? "" : Buffer.from(token, "base64url").toString();
  const encode = query.get("encoding-type") === "url" ? (key) => encodeURIComponent(key).replaceAll("%2F", "/") : escaped;
  let inner = "";
  let count = 0;
  let last;
  let more = false;
  for (const name of sorted) {
    if (!name.startsWith(prefix) || name <= after) continue;
    if (count === PAGE) {
      more = true;
      break;
    }
    const { size, tag, modified } = objects.get(name);
    inner += `<Contents><Key>${encode(name.slice(bucket.length + 2))}</Key><LastModified>${modified}</LastModified><ETag>${escaped(tag)}</ETag><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
    last = name;
    count++;
  }
  const next = more ? `<NextContinuationToken>${Buffer.from(last).toString("base64url")}</NextContinuationToken>` : "";
  const encoding = query.get("encoding-type") === "url" ? "<EncodingType>url</EncodingType>" : "";
  xml(
    socket,
    "ListBucketResult",
    `<Name>${bucket}</Name><KeyCount>${count}</KeyCount><MaxKeys>${PAGE}</MaxKeys>${encoding}<IsTruncated>${more}</IsTruncated>${next}${inner}`,
  );
}

function xml(socket, root, inner) {
  send(
    socket,
    200,
    { "Content-Type": "application/xml" },
    `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</${root}>`,
  );
}

function send(socket, status, headers = {}, body = "", length = Buffer.byteLength(body)) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} X\r\n${lines.join("")}Content-Length: ${length}\r\n\r\n${body}`);
}

function escaped(text) {
  return text.replace(/[&<>"\r\n]/g, (char) => `&#${char.charCodeAt(0)};`);
}

function base64(crc) {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(crc >>> 0);
  return bytes.toString("base64");
}
