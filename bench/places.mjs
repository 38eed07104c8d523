/** Where the kill benchmark ingests to: a folder, or a bucket of a server of its own. Both can be emptied, hashed, and asked what is left over. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { GetObjectCommand, ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { s3Environment, startS3 } from "./s3-server.mjs";

export function folderPlace(out) {
  const [location, workspace] = [join(out, "tree"), join(out, "workspace")];
  return {
    location,
    workspace,
    env: {},
    async clear() {
      for (const path of [location, workspace]) rmSync(path, { recursive: true, force: true });
    },
    hashes: async () => folderHashes(location),
    async leftovers() {
      const names = [...walk(location), ...walk(workspace)];
      return {
        parts: names.filter((name) => name.endsWith(".part")),
        uploads: [],
        locks: walk(join(location, ".emporium", "locks")),
      };
    },
    async stop() {},
  };
}

export async function s3Place(out) {
  const [folder, workspace] = [join(out, "server"), join(out, "workspace-s3")];
  let server;
  let client;
  const stop = async () => {
    client?.destroy();
    await server?.stop();
    for (const path of [folder, workspace]) rmSync(path, { recursive: true, force: true });
  };
  const place = {
    location: "s3://bench/tree",
    workspace,
    env: {},
    /** A new server: the old one's objects and uploads go with it. */
    async clear() {
      await stop();
      server = await startS3(folder);
      place.env = s3Environment(server.endpoint);
      const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_REGION: region } = place.env;
      client = new S3Client({
        endpoint: server.endpoint,
        region,
        forcePathStyle: true,
        credentials: { accessKeyId, secretAccessKey },
      });
    },
    async hashes() {
      const hashes = new Map();
      for (const key of await listKeys(client)) {
        const name = key.slice("tree/".length);
        if (name.startsWith(".emporium/")) continue;
        const { Body } = await client.send(new GetObjectCommand({ Bucket: "bench", Key: key }));
        hashes.set(
          name,
          createHash("sha256")
            .update(await Body.transformToByteArray())
            .digest("hex"),
        );
      }
      return hashes;
    },
    async leftovers() {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: "bench" }));
      const keys = await listKeys(client);
      return {
        parts: [...keys, ...walk(workspace)].filter((name) => name.endsWith(".part")),
        uploads: Uploads.map(({ Key, UploadId }) => `${Key} (upload ${UploadId})`),
        locks: keys.filter((key) => key.includes("/.emporium/locks/")),
      };
    },
    stop,
  };
  return place;
}

async function listKeys(client) {
  const found = [];
  let token;
  do {
    const page = await client.send(new ListObjectsV2Command({ Bucket: "bench", ContinuationToken: token }));
    found.push(...(page.Contents ?? []).map(({ Key }) => Key));
    token = page.NextContinuationToken;
  } while (token);
  return found;
}

export function folderHashes(folder) {
  const names = walk(folder).filter((name) => !relative(folder, name).startsWith(".emporium"));
  return new Map(names.map((name) => [relative(folder, name), createHash("sha256").update(readFileSync(name)).digest("hex")]));
}

function walk(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
