/**
 * `node bench/blocks/slow-store.mjs FOLDER MILLISECONDS`: the files of a folder as objects of an S3 bucket, path style, each answer so much later.
 * Writes its address, and for each line on standard input the number of requests since the line before. Ends with its standard input.
 */
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [folder, delay] = process.argv.slice(2);
let requests = 0;
const server = createServer((request, response) => {
  requests++;
  setTimeout(() => answer(request, response), Number(delay));
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
const lines = createInterface({ input: process.stdin });
lines.on("line", () => {
  process.stdout.write(`${requests}\n`);
  requests = 0;
});
lines.on("close", () => process.exit(0));

function answer({ url, method, headers }, response) {
  const path = join(folder, decodeURIComponent(new URL(url, "http://store").pathname).split("/").slice(2).join("/"));
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile()) {
    response.writeHead(404, { "content-type": "application/xml" });
    response.end(method === "HEAD" ? "" : "<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>");
    return;
  }
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? "") ?? [];
  const isRange = first !== undefined;
  const from = !isRange ? 0 : first === "" ? Math.max(0, found.size - Number(last)) : Number(first);
  const to = !isRange || first === "" || last === "" ? found.size : Math.min(found.size, Number(last) + 1);
  const etag = `"${Math.round(found.mtimeMs)}-${found.size}"`;
  const facts = { etag, "last-modified": found.mtime.toUTCString(), "accept-ranges": "bytes", "content-length": to - from };
  response.writeHead(isRange ? 206 : 200, {
    ...facts,
    ...(isRange && { "content-range": `bytes ${from}-${to - 1}/${found.size}` }),
  });
  if (method === "HEAD" || to === from) response.end();
  else createReadStream(path, { start: from, end: to - 1, highWaterMark: 2 ** 20 }).pipe(response);
}
