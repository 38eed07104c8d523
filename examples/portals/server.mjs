/**
 * Every portal that emporium knows, on the loopback and without the internet: the shapes of their replies, made by rules of our own. One
 * web server stands for all hosts, `http://127.0.0.1:PORT/<host>/<path>`; an FTP server stands beside it. Start it with
 * `node examples/portals/serve.mjs`.
 */
import { createServer } from "node:http";
import { bioimageFiles, bioimageSite } from "./bioimage-archive.mjs";
import { gcsSite, s3Site } from "./bucket.mjs";
import { cryoetSite } from "./cryoet.mjs";
import { EMPIAR_ID, empiarSite, empiarXml } from "./empiar.mjs";
import { epflSite } from "./epfl.mjs";
import { dataFiles } from "./files.mjs";
import { startFtpServer } from "./ftp.mjs";
import { filePathsTable, IDR_STUDY, idrSite } from "./idr.mjs";
import { HEMIBRAIN_BUCKET, hemibrainFiles, shortLinks } from "./neuroglancer.mjs";
import {
  OLD_ORGANELLE_ID,
  ORGANELLE_BUCKET,
  organelleDatabase,
  organelleFiles,
  organelleManifest,
  organelleSite,
} from "./openorganelle.mjs";
import { fileOf, makeTree, treeReply } from "./tree.mjs";
import { wholeWayFiles, wholeWaySite } from "./whole-way.mjs";

const AGO = { status: 404, headers: { "content-type": "text/html" }, body: "<html><title>404 Not Found</title></html>" };

/** @type {import("./server.d.mts").startOfflinePortals} */
export async function startOfflinePortals(options = {}) {
  const { port = 0, ftpPort = 0, ftp: ftpManners, perSecond = Number.POSITIVE_INFINITY, fault = () => undefined } = options;
  const data = dataFiles(options);
  const archive = makeTree([
    ...data.archive,
    ...bioimageFiles(),
    [`empiar/world_availability/${EMPIAR_ID}/${EMPIAR_ID}.xml`, fileOf(empiarXml(), "application/xml")],
  ]);
  const github = makeTree([
    [`IDR/${IDR_STUDY}/HEAD/experimentD/idr0086-experimentD-filePaths.tsv`, fileOf(filePathsTable(), "text/plain")],
    [
      `janelia-cellmap/fibsem-metadata/stable/api/${OLD_ORGANELLE_ID}/manifest.json`,
      fileOf(JSON.stringify(organelleManifest()), "text/plain"),
    ],
  ]);
  const documents = makeTree(data.documents);
  const ebi = (request) => wholeWaySite(request) ?? empiarSite(request) ?? bioimageSite(request);
  const links = shortLinks(options);
  /** @type {Record<string, import("./server.d.mts").Site>} */
  const sites = {
    [`${ORGANELLE_BUCKET}.s3.amazonaws.com`]: s3Site(makeTree(organelleFiles()), ORGANELLE_BUCKET),
    "idr.openmicroscopy.org": idrSite,
    "www.ebi.ac.uk": ebi,
    "www.epfl.ch": epflSite(options),
    "openorganelle.janelia.org": organelleSite(options),
    "graphql.cryoetdataportal.czscience.com": cryoetSite,
    "tinyurl.com": links,
    "bit.ly": links,
    "database.openorganelle.test": organelleDatabase,
    "raw.githubusercontent.com": ({ path }) => treeReply(github, path.slice(1)),
    "documents.epfl.ch": ({ path }) => treeReply(documents, path.slice(1), "nginx"),
    "ftp.ebi.ac.uk": (request) => wholeWayFiles(request) ?? treeReply(archive, request.path.slice(1)),
    "storage.googleapis.com": gcsSite(new Map([[HEMIBRAIN_BUCKET, makeTree(hemibrainFiles(options))]])),
    ...options.sites,
  };
  /** @type {import("./server.d.mts").SeenRequest[]} */
  const requests = [];

  const server = createServer(async (incoming, response) => {
    const chunks = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const [rawPath = "/", rawQuery = ""] = (incoming.url ?? "/").split(/\?(.*)/s);
    const [, first = "", rest = "/"] = /^\/([^/]*)(\/.*)?$/s.exec(decoded(rawPath)) ?? [];
    const host = first in sites ? first : undefined;
    const request = {
      host: host ?? "",
      method: incoming.method ?? "GET",
      path: host ? rest : decoded(rawPath),
      query: new URLSearchParams(rawQuery),
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString("utf8"),
    };
    const seen = {
      host: request.host,
      method: request.method,
      path: request.path,
      range: incoming.headers.range,
      status: 0,
      bytesSent: 0,
      atMs: performance.now(),
    };
    requests.push(seen);
    const lastSecond = requests.filter(({ host: other, atMs }) => other === seen.host && atMs > seen.atMs - 1000).length;
    const tooMany = lastSecond > perSecond ? { status: 429, headers: { "retry-after": "1" }, body: "slow down" } : undefined;
    const answer = tooMany ?? fault(request) ?? answerOf(request, host);
    send(response, request, answer, seen);
  });

  /** Without a host in front of the path, as with `--portal-base idr=http://127.0.0.1:PORT`, the first site that knows the path answers. */
  function answerOf(request, host) {
    if (host) return sites[host](request) ?? AGO;
    for (const site of Object.values(sites)) {
      const answer = site(request);
      if (answer && answer.status !== 404) return answer;
    }
    return AGO;
  }

  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(undefined));
  });
  const url = `http://127.0.0.1:${server.address().port}`;
  const ftp = await startFtpServer(archive, { port: ftpPort, ...ftpManners });
  return {
    url,
    ftpUrl: ftp.url,
    bases: Object.keys(sites).map((host) => `${host}=${url}/${host}`),
    requests,
    ftpCommands: ftp.commands,
    async close() {
      server.closeAllConnections();
      await Promise.all([new Promise((resolve) => server.close(resolve)), ftp.close()]);
    },
  };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const PIECE_BYTES = 1024 * 1024;

function send(response, { method, headers: asked }, { status, headers = {}, body, file }, seen) {
  seen.status = status;
  response.on("error", () => {});
  if (!file) {
    const bytes = Buffer.from(body ?? "");
    response.writeHead(status, { ...headers, "content-length": bytes.length });
    seen.bytesSent = method === "HEAD" ? 0 : bytes.length;
    response.end(method === "HEAD" ? undefined : bytes);
    return;
  }
  const common = {
    ...headers,
    "content-type": file.contentType,
    "accept-ranges": "bytes",
    etag: file.etag,
    "last-modified": new Date(file.modifiedMs).toUTCString(),
  };
  const match = /^bytes=(\d*)-(\d*)$/.exec(asked.range ?? "");
  const ranged = match && match[0] !== "bytes=-" && (asked["if-range"] === undefined || asked["if-range"] === file.etag);
  let from = 0;
  let to = file.size;
  if (ranged) {
    if (match[1] === "") from = Math.max(0, file.size - Number(match[2]));
    else {
      from = Number(match[1]);
      if (match[2] !== "") to = Math.min(file.size, Number(match[2]) + 1);
    }
    if (from >= file.size || from >= to) {
      seen.status = 416;
      response.writeHead(416, { "content-range": `bytes */${file.size}` }).end();
      return;
    }
    common["content-range"] = `bytes ${from}-${to - 1}/${file.size}`;
    seen.status = 206;
  }
  response.writeHead(seen.status, { ...common, "content-length": to - from });
  if (method === "HEAD") {
    response.end();
    return;
  }
  const more = () => {
    while (from < to && !response.destroyed) {
      const bytes = file.read(from, Math.min(PIECE_BYTES, to - from));
      from += bytes.length;
      seen.bytesSent += bytes.length;
      if (!response.write(bytes)) return void response.once("drain", more);
    }
    response.end();
  };
  more();
}
