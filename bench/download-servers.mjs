/** Servers of the download benchmark: programs of other people, each a process of its own, so that the server is not the limit and not ours. */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

/** Whether a program is installed; `package` is Debian's. */
export function installed(program) {
  try {
    execFileSync("sh", ["-c", `command -v "$1"`, "sh", program], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function started(command, args, port) {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  const end = new Promise((resolve) => child.once("exit", resolve));
  process.once("exit", () => child.kill("SIGTERM"));
  return {
    port,
    async stop() {
      child.kill("SIGTERM");
      await end;
    },
  };
}

/**
 * nginx over a folder: at `/` as fast as it can, at `/slow/` each request at `bytesPerSecond`.
 *
 * @param {string} folder
 * @param {{ work: string, bytesPerSecond: number }} options
 */
export async function startNginx(folder, { work, bytesPerSecond }) {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const port = await freePort();
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${join(work, name)};`);
  const conf = `
${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 1; daemon off; pid ${join(work, "pid")}; error_log ${join(work, "error.log")};
events { worker_connections 512; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; default_type application/octet-stream;
  ${temporary.join(" ")}
  server {
    listen 127.0.0.1:${port}; root ${folder}; autoindex on;
    location /slow/ { alias ${folder}/; limit_rate ${bytesPerSecond}; }
  }
}
`;
  writeFileSync(join(work, "nginx.conf"), conf);
  const server = started("nginx", ["-c", join(work, "nginx.conf")], port);
  await answering(port);
  return { ...server, url: `http://127.0.0.1:${port}` };
}

/** vsftpd over a folder, anonymous, without a limit. */
export async function startVsftpd(folder, { work }) {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, "empty"), { recursive: true });
  const port = await freePort();
  const conf = {
    ...{ listen: "YES", listen_address: "127.0.0.1", listen_port: port, background: "NO", seccomp_sandbox: "NO" },
    ...{ anonymous_enable: "YES", local_enable: "NO", no_anon_password: "YES", anon_root: folder, write_enable: "NO" },
    ...{ allow_writeable_chroot: "YES", secure_chroot_dir: join(work, "empty"), xferlog_enable: "NO", use_sendfile: "YES" },
    ...{ max_per_ip: 0, max_clients: 0, pasv_min_port: 40_000, pasv_max_port: 49_000 },
  };
  const path = join(work, "vsftpd.conf");
  writeFileSync(
    path,
    `${Object.entries(conf)
      .map(([name, value]) => `${name}=${value}`)
      .join("\n")}\n`,
  );
  const server = started("vsftpd", [path], port);
  await answering(port);
  return { ...server, url: `ftp://127.0.0.1:${port}` };
}

async function answering(port) {
  const { connect } = await import("node:net");
  for (let tries = 0; tries < 100; tries++) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing answers on port ${port}`);
}
