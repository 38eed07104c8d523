/** The S3 server of the tests (test/faults/serve.mjs) as a process of its own, without faults, over a folder. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "./report.mjs";

/** Credentials and address as every AWS client reads them. */
export function s3Environment(endpoint) {
  return {
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: "bench",
    AWS_SECRET_ACCESS_KEY: "bench-secret",
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

/**
 * A fresh server with one empty bucket, `bench`. It computes the MD5 of every body, as S3 does, so it takes about a core while it receives.
 *
 * @param {string} folder where the server keeps its bodies
 * @returns {Promise<{ endpoint: string, stop(): Promise<void> }>}
 */
export function startS3(folder) {
  return startServer(join(root, "test", "faults", "serve.mjs"), ["--dir", folder, "--bucket", "bench"]);
}

/**
 * A fresh server that forgets bodies (bench/s3-sink.mjs), so quick that it does not stand in the way of whoever is measured.
 *
 * @returns {Promise<{ endpoint: string, stop(): Promise<void> }>}
 */
export function startSink() {
  return startServer(join(root, "bench", "s3-sink.mjs"), []);
}

async function startServer(script, args) {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ["pipe", "pipe", "inherit"], // it ends with its standard input, so also when this process is killed
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const endpoint = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", (status) => reject(new Error(`${script} ended with ${status} before it named its address`)));
  });
  return {
    endpoint,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
