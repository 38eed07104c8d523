import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ftpStore } from "../../src/stores/ftp/store.js";
import { openObject, type Store } from "../../src/stores/store.js";
import { bytes, codeOf, collect, listSuite, readSuite, same } from "../conformance/store-suite.js";
import { hasEnvironment } from "./environment.js";

/** The conformance suite against FTP servers that other people wrote: pyftpdlib, and vsftpd where it is installed. */
const root = fileURLToPath(new URL("../..", import.meta.url));
const vsftpd = [process.env.EMPORIUM_VSFTPD, "/usr/sbin/vsftpd"].find((path) => path !== undefined && existsSync(path));
if (!vsftpd) console.warn("skipped: no vsftpd (Debian: apt-get install vsftpd)");

interface Peer {
  port: number;
  close(): Promise<void>;
}

type StartPeer = (folder: string) => Promise<Peer>;

const startPyftpdlib =
  (...args: string[]): StartPeer =>
  async (folder) => {
    const child = spawn(`${root}.cache/venv-peers/bin/python`, [`${root}test/peers/python/ftp_server.py`, folder, ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const port = await new Promise<number>((resolve, reject) => {
      child.stdout!.once("data", (text) => resolve(Number(String(text))));
      child.once("exit", () => reject(new Error("pyftpdlib does not start")));
    });
    return { port, close: () => ended(child, () => child.stdin!.end()) };
  };

const startVsftpd =
  (...settings: string[]): StartPeer =>
  async (folder) => {
    const port = await freePort();
    const config = `${folder}.conf`;
    const lines = [
      "listen=YES",
      "listen_address=127.0.0.1",
      `listen_port=${port}`,
      "background=NO",
      "run_as_launching_user=YES",
      "anonymous_enable=YES",
      "no_anon_password=YES",
      `anon_root=${folder}`,
      "allow_writeable_chroot=YES",
      "seccomp_sandbox=NO",
      "isolate=NO",
      "isolate_network=NO",
      ...settings,
    ];
    await writeFile(config, `${lines.join("\n")}\n`);
    const child = spawn(vsftpd!, [config], { stdio: "ignore" });
    const deadline = Date.now() + 20_000;
    while (!(await answers(port))) {
      if (Date.now() > deadline || child.exitCode !== null) throw new Error("vsftpd does not start");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return { port, close: () => ended(child, () => child.kill()) };
  };

async function ended(child: ChildProcess, end: () => void): Promise<void> {
  const exit = new Promise((resolve) => child.once("exit", resolve));
  if (child.exitCode !== null) return;
  end();
  await exit;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    socket.once("data", () => resolve(true)).once("error", () => resolve(false));
    socket.once("data", () => socket.end());
  });
}

const open = (start: StartPeer) => async () => {
  const outer = await mkdtemp(join(tmpdir(), "emporium-ftp-"));
  const folder = join(outer, "root");
  await mkdir(join(folder, "data of lab"), { recursive: true });
  const peer = await start(folder);
  let seconds = Date.UTC(2024, 0, 15, 12) / 1000;
  return {
    folder,
    port: peer.port,
    store: ftpStore(`ftp://127.0.0.1:${peer.port}/data%20of%20lab`),
    put: async (key: string, body: Uint8Array) => {
      const path = join(folder, "data of lab", key);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(`${path.slice(0, 100)}.new`, body);
      // Times count whole seconds here.
      seconds++;
      await utimes(`${path.slice(0, 100)}.new`, seconds, seconds);
      await rename(`${path.slice(0, 100)}.new`, path);
    },
    close: async () => {
      await peer.close();
      await rm(outer, { recursive: true, force: true });
    },
  };
};

const lacks = ["control characters"] as const;

function suites(name: string, start: StartPeer, { links = true } = {}): void {
  readSuite(name, open(start), { lacks });
  listSuite(name, open(start), { lacks });

  describe(`${name}: transfers`, () => {
    const body = bytes(30_000_000, 5);
    let peer: Awaited<ReturnType<ReturnType<typeof open>>>;
    let store: Store;
    beforeAll(async () => {
      peer = await open(start)();
      store = peer.store;
      await peer.put("big.mrc", body);
    });
    afterAll(() => peer.close());

    it("parts of a large file, one after the other and side by side", async () => {
      const part = async (i: number) =>
        same(
          await store.read("big.mrc", { offset: i * 1_000_003, length: 70_000 }),
          body.subarray(i * 1_000_003, i * 1_000_003 + 70_000),
        );
      for (let i = 0; i < 8; i++) await part(i);
      await Promise.all(Array.from({ length: 20 }, (_, i) => part(i)));
    });

    it("a long stream, from the middle to the end", async () => {
      const stream = (await store.stream!("big.mrc", { offset: 1_000_000 }))!;
      expect(stream.stat.size).toBe(body.length);
      expect(stream).toMatchObject({ offset: 1_000_000, length: body.length - 1_000_000 });
      same(new Uint8Array(Buffer.concat(await collect(stream.body))), body.subarray(1_000_000));
    });

    it("a file that grew is another one", async () => {
      await peer.put("growing.mrc", body.subarray(0, 1000));
      const object = await openObject(store, "growing.mrc");
      await peer.put("growing.mrc", body.subarray(0, 2000));
      expect(await codeOf(object.read({ offset: 0, length: 10 }))).toBe("STORE_CONFLICT");
    });

    const linked = links ? it : () => {};
    linked("links lead where they lead, and loops end", async () => {
      await peer.put("tree/a/x.mrc", body.subarray(0, 10));
      await peer.put("tree/b/y.mrc", body.subarray(0, 20));
      await symlink("../b", join(peer.folder, "data of lab/tree/a/link"));
      await symlink("y.mrc", join(peer.folder, "data of lab/tree/b/z.mrc"));
      await symlink("../b", join(peer.folder, "data of lab/tree/b/loop"));
      const keys = (await collect(store.list("tree/"))).map(({ key }) => key);
      expect(keys).toEqual(expect.arrayContaining(["tree/a/link/y.mrc", "tree/a/x.mrc", "tree/b/y.mrc", "tree/b/z.mrc"]));
      expect(keys.length).toBeLessThan(20);
    });

    it("a server that stands no third connection gets none", async () => {
      const more = ftpStore(`ftp://127.0.0.1:${peer.port}/data%20of%20lab`, { connections: 6 });
      const found = await Promise.all(Array.from({ length: 12 }, (_, i) => more.read("big.mrc", { offset: i, length: 5 })));
      for (const [i, one] of found.entries()) same(one, body.subarray(i, i + 5));
    });
  });
}

describe.skipIf(!hasEnvironment("peers"))("pyftpdlib", () => {
  suites("pyftpdlib", startPyftpdlib("--most", "2"));
  suites("pyftpdlib without MLSD", startPyftpdlib("--without", "MLSD,MLST"));
  // A listing says of a link that it is one, and not how long the file behind it is.
  suites("pyftpdlib without MLSD, EPSV, SIZE", startPyftpdlib("--without", "MLSD,MLST,EPSV,SIZE"), { links: false });
});

describe.skipIf(!vsftpd)("vsftpd", () => {
  suites("vsftpd", startVsftpd("max_per_ip=2"));
});
