// An S3 server that takes the words, the port and the file of keys of SeaweedFS as compose.yaml gives them: server -s3 -s3.config=FILE -dir=DIR.
// In the container of compose.yaml's `store` alone, whose port is published nowhere. Objects are files, so a volume keeps them; each request must be signed.
import { readFileSync } from "node:fs";
import { request as ask, createServer } from "node:http";
import { argv } from "node:process";
import { startBucket } from "../../../examples/portals/bucket-folder.mjs";
import { isSigned } from "../../faults/sigv4.mjs";

const [server, ...flags] = argv.slice(2);
const { "-s3.config": config, "-dir": folder, ...rest } = Object.fromEntries(flags.map((flag) => flag.split("=")));
if (server !== "server" || Object.keys(rest).join() !== "-s3") throw new Error(`not the words of compose.yaml: ${argv.slice(2)}`);
const keys = JSON.parse(readFileSync(config, "utf8")).identities.flatMap(({ credentials }) => credentials);

const bucket = await startBucket({ folder, bucket: "portal" });
const front = createServer((incoming, response) => {
  const [rawPath, rawQuery = ""] = incoming.url.split(/\?(.*)/s);
  const { method, headers } = incoming;
  const known = keys.some(({ accessKey, secretKey }) =>
    isSigned({ method, rawPath, rawQuery, headers }, { accessKeyId: accessKey, secretAccessKey: secretKey }),
  );
  if (!known) {
    incoming.resume();
    response.writeHead(403, { "content-type": "application/xml" });
    response.end("<Error><Code>SignatureDoesNotMatch</Code></Error>");
    return;
  }
  const onward = ask(`${bucket.url}${incoming.url}`, { method, headers, setHost: false }, (reply) => {
    response.writeHead(reply.statusCode, reply.rawHeaders);
    reply.pipe(response);
  });
  onward.on("error", () => response.destroy());
  incoming.pipe(onward);
});
front.listen(8333, "0.0.0.0");
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));
